"""Keeping and restoring master weights, moments and average."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from .errors import MiniatureError
from .export import TEXT_FILE, UNET_FILE
from .muon import Updater
from .tokenizer import Tokenizer


class Swapped:
    """The averaged weights in place of the trained ones for the time of a `with`."""

    def __init__(self, updater: Updater) -> None:
        self._updater = updater

    def __enter__(self) -> None:
        self._put("average")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._put("master")

    def _put(self, kind: str) -> None:
        with torch.no_grad():
            torch._foreach_copy_(self._updater.parameters, self._updater.views(kind))


def save(path: Path, updater: Updater, more: dict[str, Any]) -> None:
    """Write a checkpoint by a rename, so that a full disk leaves the last one whole."""
    state = {"flat": updater.flat, "count": updater.count, "names": updater.names, **more}
    partial = path.with_name(path.name + ".part")
    try:
        torch.save(state, partial)
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch tells of a full disk by a RuntimeError
        partial.unlink(missing_ok=True)
        raise MiniatureError(
            f"{path} cannot be written ({error}); make room and resume: what was there is whole"
        ) from error


def load(path: Path, updater: Updater) -> dict[str, Any]:
    """Read a checkpoint into an updater and its model.

    Returns:
        The rest of its content.

    Raises:
        MiniatureError: If it is none, damaged, or of a model of another shape.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        names, flat = state["names"], state["flat"]
    except Exception as error:
        raise MiniatureError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}); "
            "give another one, or leave --resume out to start anew"
        ) from error
    sizes = {kind: len(vector) for kind, vector in flat.items()}
    if names != updater.names or sizes != {k: len(v) for k, v in updater.flat.items()}:
        raise MiniatureError(f"{path} is of a model of another shape; give the same --config")
    for kind, vector in updater.flat.items():
        vector.copy_(flat[kind])
    updater.count.copy_(state["count"])
    Swapped(updater)._put("master")
    return state


def load_weights(directory: Path, updater: Updater, tokenizer: Tokenizer) -> None:
    """Start masters and average from an exported directory.

    Raises:
        MiniatureError: If it is none, damaged, of a model of another shape, or of other words.
    """
    try:
        page = json.loads((directory / "tokenizer/tokenizer.json").read_text(encoding="utf-8"))
        words = list(page["model"]["vocab"])
        weights = {f"unet.{k}": v for k, v in load_file(directory / UNET_FILE).items()}
        text = load_file(directory / TEXT_FILE)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise MiniatureError(f"{directory} holds no whole exported model ({error})") from error
    if words != tokenizer.words:
        raise MiniatureError(f"{directory} numbers its words otherwise: other pictograms made it")
    weights |= {f"text_encoder.{k}": v for k, v in text.items()}
    if {name: p.shape for name, p in zip(updater.names, updater.parameters, strict=True)} != {
        name: value.shape for name, value in weights.items()
    }:
        raise MiniatureError(f"{directory} is of a model of another shape; give its --config")
    with torch.no_grad():
        for kind in ("master", "average"):
            for name, view in zip(updater.names, updater.views(kind), strict=True):
                view.copy_(weights[name])
    Swapped(updater)._put("master")
