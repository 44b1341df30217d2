"""What the stages of a reproduction share: digits, context, progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from course.fast import Checkpoint, Judge
from solutions.ddpm import ddpm_schedule

from .presets import Preset

Made = tuple[dict[str, Any], dict[str, Tensor]]
"""Numbers and arrays of a stage."""


@dataclass(frozen=True)
class Data:
    """Digits on the device: images (N, 1, 28, 28) in [0, 1] and labels (N,)."""

    name: str
    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.images.device


@dataclass
class Context:
    """What a run hands from stage to stage.

    Attributes:
        work: Folder of finished stages and of checkpoints inside of one.
        made: What earlier stages restored: "judge" and "unet".
    """

    work: Path
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def judge(self) -> Judge:
        """The classifier of the first stage."""
        judge: Judge = self.made["judge"]
        return judge

    def checkpoint(self, name: str, kept: dict[str, Tensor]) -> Checkpoint:
        """A training's checkpoint, which `kept` is saved with."""
        return Checkpoint(self.work / f"{name}.going.safetensors", kept)

    def bar(self, name: str, total: int, unit: str = "epoch") -> tqdm[Any]:
        """A progress bar; none where the output is no terminal."""
        return tqdm(total=total, desc=name, unit=unit, disable=None, leave=False)


@dataclass(frozen=True)
class Stage:
    """One stage: what it makes, how later stages get it back, and when it is wanted."""

    run: Callable[[Preset, Data, Context], Made]
    restore: Callable[[Preset, Data, Context, dict[str, Tensor]], None]
    wanted: Callable[[Preset], bool] = lambda _preset: True


def schedule_of(num_ts: int, device: torch.device) -> dict[str, Tensor]:
    """The course's schedule on a device."""
    return {k: v.to(device) for k, v in ddpm_schedule(1e-4, 0.02, num_ts).items()}


def rounds(total: int, at_once: int) -> list[int]:
    """Sizes of rounds of at most `at_once` that make `total`."""
    return [min(at_once, total - start) for start in range(0, total, at_once)]
