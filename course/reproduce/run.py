"""Runs the stages of a reproduction; each finished one is kept, so that a run goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from kit import KitError, load_digits
from safetensors.torch import load_file, save_file
from torch import Tensor

from .presets import PRESETS, Preset
from .stages import STAGES, Data


class ReproduceError(Exception):
    """A reproduction cannot start or go on; the message says what to do."""


Say = Callable[[str], None]


@dataclass
class Found:
    """What a run has made so far.

    Attributes:
        numbers: Measured values by stage.
        arrays: Tensors for figures by "stage/name".
    """

    numbers: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Tensor] = field(default_factory=dict)


def reproduce(
    preset: str,
    device: str | None = None,
    work: Path = Path("reproduce"),
    data: Path | None = None,
    source: str | None = None,
    say: Say = print,
) -> Found:
    """Trains and samples Part B, stage by stage.

    Args:
        preset: Name of a preset.
        device: "cpu" or "cuda"; the GPU where there is one by default.
        work: Folder of checkpoints: a run that was interrupted goes on from it.
        data: Folder of MNIST; where the kit looks by default.
        source: "mnist" or "embedded"; MNIST where it is found by default.
        say: Gets one line for each thing that happens.

    Raises:
        ReproduceError: Unknown preset, no GPU, too little memory, no digits, another run's folder.
    """
    if preset not in PRESETS:
        raise ReproduceError(f"unknown preset {preset!r}: there are {', '.join(PRESETS)}")
    where = _device(device)
    chosen = PRESETS[preset]
    loaded = _data(chosen, where, data, source)
    work.mkdir(parents=True, exist_ok=True)
    _same_run(work, preset, loaded.name)
    found = Found()
    context: dict[str, Any] = {}
    for name, stage in STAGES.items():
        if not stage.wanted(chosen):
            continue
        kept = _load(work, name)
        if kept is None:
            say(f"{name} ...")
            start = time.perf_counter()
            kept = _run(stage.run, chosen, loaded, context, name)
            kept[0]["seconds"] = round(time.perf_counter() - start, 2)
            _save(work, name, *kept)
            say(f"{name}: {kept[0]['seconds']} s")
        else:
            say(f"{name}: done before")
        found.numbers[name] = kept[0]
        found.arrays |= {f"{name}/{key}": value for key, value in kept[1].items()}
        stage.restore(chosen, loaded, context, kept[1])
    found.numbers["run"] = {"preset": preset, "device": _device_name(where), "digits": loaded.name}
    return found


def _run(
    run: Callable[..., tuple[dict[str, Any], dict[str, Tensor]]],
    preset: Preset,
    data: Data,
    context: dict[str, Any],
    name: str,
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    torch.manual_seed(180)
    try:
        return run(preset, data, context)
    except torch.cuda.OutOfMemoryError as error:
        raise ReproduceError(
            f"{name}: the GPU has too little free memory; close other programs on it, take "
            "--preset quick or --device cpu"
        ) from error


def _device(name: str | None) -> torch.device:
    chosen = name or ("cuda" if torch.cuda.is_available() else "cpu")
    if chosen not in ("cpu", "cuda"):
        raise ReproduceError(f"--device {chosen}: there are cpu and cuda")
    if chosen == "cuda" and not torch.cuda.is_available():
        raise ReproduceError("--device cuda: no GPU is to be seen here; take --device cpu")
    return torch.device(chosen)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _data(preset: Preset, device: torch.device, root: Path | None, source: str | None) -> Data:
    try:
        train, test = (load_digits(source, root, train=train) for train in (True, False))
    except KitError as error:
        raise ReproduceError(str(error)) from None
    count, tested = preset.digits or len(train), preset.test_digits or len(test)
    return Data(
        train.name,
        (train.images[:count, None].float() / 255).to(device),
        train.labels[:count].to(device),
        (test.images[:tested, None].float() / 255).to(device),
        test.labels[:tested].to(device),
    )


def _same_run(work: Path, preset: str, digits: str) -> None:
    """Refuses to mix two presets or data sets in one folder."""
    mine = {"preset": preset, "digits": digits}
    path = work / "run.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != mine:
        raise ReproduceError(f"{work} holds another run: give another --work folder, or remove it")
    path.write_text(json.dumps(mine), encoding="utf-8")


def _save(work: Path, name: str, numbers: dict[str, Any], arrays: dict[str, Tensor]) -> None:
    """Both files are there or the stage counts as not done: numbers come last, by a rename."""
    plain = {key: value.detach().cpu().contiguous() for key, value in arrays.items()}
    save_file(plain, work / f"{name}.safetensors")
    partial = work / f"{name}.json.part"
    partial.write_text(json.dumps(numbers), encoding="utf-8")
    partial.replace(work / f"{name}.json")


def _load(work: Path, name: str) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    if not (work / f"{name}.json").exists():
        return None
    numbers = json.loads((work / f"{name}.json").read_text(encoding="utf-8"))
    return numbers, load_file(work / f"{name}.safetensors")
