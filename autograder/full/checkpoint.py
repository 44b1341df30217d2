"""Reads a record of a training that a student handed in: safetensors only, as data.

Written by `kit.TrainingRecord`; everything in it is the student's word until it is proved.
"""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from course.kit.record import FORMAT, recorded_epochs

from .presets import Kind, Recipe

# The denoiser's five epochs are few, and its record would be four times as large.
NAMES: Final[dict[Kind, str]] = {"time": "b2_2", "class": "b2_5"}
MAX_BYTES: Final = 128 * 2**20
MAX_TENSORS: Final = 4000
_KEY = re.compile(r"(before|after|m|v)\.(\d{1,4})/([\w.]{1,200})", re.ASCII)


class RecordError(Exception):
    """A record cannot be used; the message is for the student."""


@dataclass(frozen=True)
class Link:
    """One recorded epoch.

    Attributes:
        before: The network's state at its beginning; empty in epoch 0.
        after: The state at its end.
        m: Adam's averages of the gradients, by parameter; empty in epoch 0.
        v: Adam's averages of their squares.
    """

    before: dict[str, Tensor] = field(default_factory=dict)
    after: dict[str, Tensor] = field(default_factory=dict)
    m: dict[str, Tensor] = field(default_factory=dict)
    v: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A training as its student recorded it.

    Attributes:
        links: The recorded epochs, by number from 0.
        num_epochs: Epochs of the training.
    """

    links: dict[int, Link]
    num_epochs: int

    @property
    def final(self) -> dict[str, Tensor]:
        """The trained network's state."""
        return self.links[self.num_epochs - 1].after


def record_path(notebook: Path, kind: Kind) -> Path | None:
    """The record beside a notebook, where one was handed in."""
    if kind not in NAMES:
        return None
    path = notebook.parent / f"{NAMES[kind]}.safetensors"
    try:
        path.lstat()
    except OSError:
        return None
    return path


def read_record(path: Path, kind: Kind, recipe: Recipe, student: str) -> Record:
    """Reads and checks a record; nothing of it is run or unpickled.

    Args:
        path: The file.
        kind: What was trained.
        recipe: What the training must have been.
        student: Whose submission it is.

    Raises:
        RecordError: Too large, damaged, of another training, or of another student.
    """
    name = path.name
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise RecordError(f"{name} is not a plain file: hand in the file itself")
        if status.st_size > MAX_BYTES:
            size = status.st_size // 2**20
            raise RecordError(f"{name} has {size} MiB, more than {MAX_BYTES // 2**20}")
        with safe_open(path, framework="pt", device="cpu") as file:
            about = _about(file.metadata(), name)
            _compare(about, kind, recipe, student, name)
            links = _links(file, about, name)
    except (OSError, SafetensorError, ValueError) as error:
        what = type(error).__name__
        message = f"{name} is damaged or no safetensors file ({what}): save and hand it in again"
        raise RecordError(message) from None
    return Record(links, recipe.num_epochs)


def _about(metadata: dict[str, str] | None, name: str) -> dict[str, Any]:
    try:
        about = json.loads((metadata or {})["training"])
    except (KeyError, ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise RecordError(
            f"{name} holds no record of a training, such as kit.TrainingRecord writes: weights "
            "alone do not show where they come from"
        )
    return about


def _compare(about: dict[str, Any], kind: Kind, recipe: Recipe, student: str, name: str) -> None:
    """The record's own words against the submission and the assignment."""
    if about.get("student") != student:
        raise RecordError(f"{name} was recorded under another name than {student!r}")
    if about.get("name") != NAMES[kind]:
        raise RecordError(f"{name} is the record of another section")
    for key, wanted in (
        ("num_epochs", recipe.num_epochs),
        ("batch_size", recipe.batch_size),
        ("lr", recipe.lr),
    ):
        value = about.get(key)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or abs(float(value) - wanted) > 1e-6 * wanted:  # type: ignore[arg-type]
            raise RecordError(f"{name}: {key} is {value!r}, and {wanted:g} in the assignment")


def _links(file: Any, about: dict[str, Any], name: str) -> dict[int, Link]:
    epochs = recorded_epochs(int(about["num_epochs"]))
    links = {epoch: Link() for epoch in epochs}
    keys = list(file.keys())
    if len(keys) > MAX_TENSORS:
        raise RecordError(f"{name} holds {len(keys)} tensors, more than {MAX_TENSORS}")
    for key in keys:
        match = _KEY.fullmatch(key)
        if match is None or int(match[2]) not in links:
            raise RecordError(f"{name} holds a tensor that is no part of a record")
        part: dict[str, Tensor] = getattr(links[int(match[2])], match[1])
        part[match[3]] = _tensor(file, key, name)
    for epoch, link in links.items():
        whole = link.after and (epoch == 0 or (link.before and link.m and link.v))
        if not whole:
            raise RecordError(f"{name} lacks what was recorded in epoch {epoch + 1}")
    return links


def _tensor(file: Any, key: str, name: str) -> Tensor:
    kind = file.get_slice(key).get_dtype()
    if kind not in ("F32", "I64"):
        raise RecordError(f"{name} holds numbers of type {kind}: a record has F32 and I64")
    value: Tensor = file.get_tensor(key)
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        raise RecordError(f"{name} holds numbers that are not finite (nan or inf)")
    return value
