"""A record of your training, to hand in instead of being trained anew by the grader.

It holds the network before and after some epochs, Adam's averages included, so that the grader can
train one of these epochs again with your code and see whether it leads to the same place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .errors import KitError

FORMAT = 1
RECORDED = ("b2_2", "b2_5")
Batch = tuple[Tensor, Tensor]


def training_seed(student: str, name: str) -> int:
    """Give the seed of a student's network for a section; it is in [0, 2**31)."""
    digest = hashlib.sha256(f"{student}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def recorded_epochs(num_epochs: int) -> list[int]:
    """Give the epochs, from 0, that a record holds the beginning and the end of."""
    return sorted({0, num_epochs // 2, num_epochs - 1})


class TrainingRecord:
    """Watches a training from outside.

    Use it in four steps: `unet = record.make(UNet, 1, 64).to(device)`, then
    `train(unet, record.watch(unet, loader), ...)`, then `record.save(folder)`.

    Args:
        student: Your name as in the class list: the name of your folder.
        name: "b2_2" or "b2_5", for the section.
        num_epochs: Number of epochs of the training.

    Raises:
        KitError: For another name, or no epoch.
    """

    def __init__(self, student: str, name: str, num_epochs: int) -> None:
        if name not in RECORDED or num_epochs < 1 or not student:
            raise KitError(
                f"TrainingRecord: {student!r}, {name!r}, {num_epochs}: give your name, one of "
                f"{', '.join(RECORDED)}, and at least one epoch"
            )
        self.student, self.name, self.num_epochs = student, name, num_epochs
        self.tensors: dict[str, Tensor] = {}
        self.epoch = self.batches = self.batch_size = 0
        self.facts: dict[str, Any] = {}
        self._unet: nn.Module | None = None
        self._optimizer: torch.optim.Optimizer | None = None

    def make(self, kind: Callable[..., nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
        """Make the network, on the CPU, from the seed that belongs to your name."""
        torch.manual_seed(training_seed(self.student, self.name))
        with torch.device("cpu"):
            return kind(*args, **kwargs)

    def watch(self, unet: nn.Module, loader: Iterable[Batch]) -> RecordedLoader:
        """Give the loader to train with."""
        self._unet = unet
        return RecordedLoader(self, loader)

    def begin_epoch(self) -> None:
        """Keep what an epoch starts from; called by the loader."""
        if self.epoch in recorded_epochs(self.num_epochs) and self.epoch > 0:
            self._keep(f"before.{self.epoch}")
            self._keep_averages()

    def end_epoch(self, batches: int) -> None:
        """Keep what an epoch led to; called by the loader."""
        if self.epoch in recorded_epochs(self.num_epochs):
            self._keep(f"after.{self.epoch}")
        self.epoch, self.batches = self.epoch + 1, batches

    def save(self, folder: str | Path = ".") -> Path:
        """Write the record to `NAME.safetensors` in a folder; hand it in beside your notebook.

        Raises:
            KitError: The training has not come to its end.
        """
        from safetensors.torch import save_file

        if self.epoch != self.num_epochs or "lr" not in self.facts:
            raise KitError(
                f"TrainingRecord: {self.epoch} of {self.num_epochs} epochs with Adam were seen; "
                "train with the loader that watch() gives, to the end"
            )
        about = {
            "format": FORMAT,
            "student": self.student,
            "name": self.name,
            "num_epochs": self.num_epochs,
            "batches": self.batches,
            "batch_size": self.batch_size,
            **self.facts,
        }
        path = Path(folder) / f"{self.name}.safetensors"
        save_file(self.tensors, path, metadata={"training": json.dumps(about)})
        return path

    def optimizer_seen(self, optimizer: torch.optim.Optimizer) -> None:
        """Remember the optimizer of the network; called at each of its steps."""
        first = next(iter(self._unet.parameters())) if self._unet is not None else None
        if self._optimizer is optimizer or first is None:
            return
        if any(p is first for group in optimizer.param_groups for p in group["params"]):
            self._optimizer = optimizer
            self.facts.setdefault("lr", float(optimizer.param_groups[0]["lr"]))

    def _keep(self, prefix: str) -> None:
        assert self._unet is not None
        for name, value in self._unet.state_dict().items():
            self.tensors[f"{prefix}/{name}"] = value.detach().cpu().clone()

    def _keep_averages(self) -> None:
        assert self._unet is not None
        states = self._optimizer.state if self._optimizer is not None else {}
        for name, parameter in self._unet.named_parameters():
            state = states.get(parameter, {})
            if "exp_avg" not in state:
                raise KitError("TrainingRecord: no torch.optim.Adam moved the network")
            for short, key in (("m", "exp_avg"), ("v", "exp_avg_sq")):
                kept = state[key].detach().cpu().clone()
                self.tensors[f"{short}.{self.epoch}/{name}"] = kept


class RecordedLoader:
    """A loader that tells a record when epochs begin and end."""

    def __init__(self, record: TrainingRecord, loader: Iterable[Batch]) -> None:
        self.record, self.loader = record, loader

    def __len__(self) -> int:
        return len(self.loader)  # type: ignore[arg-type]  # as long as what it wraps

    def __iter__(self) -> Iterator[Batch]:
        from torch.optim.optimizer import register_optimizer_step_post_hook

        seen = self.record.optimizer_seen
        hook = register_optimizer_step_post_hook(lambda optimizer, *_: seen(optimizer))
        self.record.begin_epoch()
        count = 0
        try:
            for batch in self.loader:
                self.record.batch_size = max(self.record.batch_size, len(batch[0]))
                count += 1
                yield batch
        finally:
            hook.remove()
        self.record.end_epoch(count)
