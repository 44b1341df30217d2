"""Checkpoints inside of a training, so that one that was interrupted goes on at an epoch."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .stepping import Trainer, TrainingError


class Checkpoint:
    """The file of one training.

    Args:
        path: Where it is kept, a safetensors file.
        kept: Further tensors of whoever trains, such as samples of earlier epochs; they are
            saved with the weights and put in here when a training goes on.
        every: Least seconds between two times of saving.
    """

    def __init__(self, path: Path, kept: dict[str, Tensor], every: float = 10.0) -> None:
        self.path, self.kept, self.every = path, kept, every
        self.last = time.monotonic()

    def load(self, unet: nn.Module, trainer: Trainer, device: torch.device) -> list[float]:
        """Puts back what was saved; returns the losses so far, none where there is no file.

        Raises:
            TrainingError: The file is damaged, or of another network or device.
        """
        if not self.path.exists():
            return []
        try:
            found = load_file(self.path)
            unet.load_state_dict(_part(found, "unet/"))
            trainer.load(_part(found, "trainer/"))
            torch.set_rng_state(found["random"])
            if device.type == "cuda":
                torch.cuda.set_rng_state(found["random on the GPU"], device)
        except (SafetensorError, RuntimeError, KeyError, OSError) as error:
            raise TrainingError(
                f"{self.path} is damaged or of another network ({type(error).__name__}): remove it"
            ) from None
        self.kept |= {k: v.to(device) for k, v in _part(found, "kept/").items()}
        return [float(x) for x in found["losses"]]

    def save(
        self, unet: nn.Module, trainer: Trainer, losses: list[float], device: torch.device
    ) -> None:
        """Saves after an epoch, if the last time is long enough ago; by a rename, so never half."""
        if time.monotonic() - self.last < self.every:
            return
        parts = {"unet/": unet.state_dict(), "trainer/": trainer.state(), "kept/": self.kept}
        found = {f"{name}{k}": v for name, part in parts.items() for k, v in part.items()}
        found["losses"] = torch.tensor(losses, dtype=torch.float64)
        found["random"] = torch.get_rng_state()
        if device.type == "cuda":
            found["random on the GPU"] = torch.cuda.get_rng_state(device)
        partial = self.path.with_suffix(".part")
        save_file({k: v.detach().cpu().contiguous().clone() for k, v in found.items()}, partial)
        partial.replace(self.path)
        self.last = time.monotonic()


def _part(found: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {k.removeprefix(name): v for k, v in found.items() if k.startswith(name)}
