"""How a network is trained batch by batch: by autograd, or by `graphs.GraphTrainer` on a GPU."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TrainingError(Exception):
    """Training cannot go on; the message says where and what to try."""


@dataclass(frozen=True)
class Noised:
    """Input and target of some pictures.

    Attributes:
        x: Noisy pictures, (N, 1, 28, 28).
        target: What is to be predicted, (N, 1, 28, 28).
        times: t / T, (N,), for the nets that take it.
        labels: Classes, (N,), for the net that takes them.
        mask: 1 keeps an image's class, 0 drops it, (N,).
    """

    x: Tensor
    target: Tensor
    times: Tensor | None = None
    labels: Tensor | None = None
    mask: Tensor | None = None

    def loss(self, unet: nn.Module) -> Tensor:
        """Mean squared error of the network's prediction."""
        if self.times is None:
            found = unet(self.x)
        elif self.labels is None:
            found = unet(self.x, self.times)
        else:
            found = unet(self.x, self.labels, self.times, mask=self.mask)
        return F.mse_loss(found.float(), self.target)

    def tensors(self) -> list[Tensor]:
        """Arguments of `Network.step`."""
        found = [self.x.flatten(), self.target.flatten()]
        if self.times is not None:
            found.append(self.times)
        if self.labels is not None and self.mask is not None:
            found.append(F.one_hot(self.labels, 10) * self.mask[:, None])
        return found


Prepare = Callable[[Tensor], Noised]


class Trainer(Protocol):
    """Trains a network epoch by epoch."""

    def epoch(self, order: Tensor, lr: float) -> Tensor:
        """One epoch over the pictures in the given order; returns the loss of each batch."""

    def state(self) -> dict[str, Tensor]:
        """The optimizer's state, to go on from."""

    def load(self, state: dict[str, Tensor]) -> None:
        """Puts a state back."""


class AutogradTrainer:
    """The plain way: forward, backward, Adam, for each batch.

    Args:
        unet: The network that is trained.
        prepare: Draws noise, times and dropped classes for the pictures with given indices.
        batch_size: Pictures a step.
        lr: Learning rate at the start.
        bf16: Computes convolutions in bfloat16.
    """

    def __init__(
        self, unet: nn.Module, prepare: Prepare, batch_size: int, lr: float, bf16: bool
    ) -> None:
        self.unet, self.prepare, self.batch_size, self.bf16 = unet, prepare, batch_size, bf16
        self.unet.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(unet.parameters(), lr=lr)

    def epoch(self, order: Tensor, lr: float) -> Tensor:
        """See `Trainer`."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        return torch.stack([self._step(indices) for indices in order.split(self.batch_size)])

    def state(self) -> dict[str, Tensor]:
        """See `Trainer`."""
        every = self.optimizer.state_dict()["state"]
        return {f"{i}/{k}": v for i, part in every.items() for k, v in part.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """See `Trainer`."""
        parts: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            number, _, name = key.partition("/")
            parts.setdefault(int(number), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": parts, "param_groups": groups})

    def _step(self, indices: Tensor) -> Tensor:
        with torch.autocast(indices.device.type, torch.bfloat16, enabled=self.bf16):
            loss = self.prepare(indices).loss(self.unet)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()


def make_trainer(
    unet: nn.Module, prepare: Prepare, batch_size: int, lr: float, bf16: bool
) -> Trainer:
    """The fastest trainer that works for a network where it is."""
    weight = next(unet.parameters())
    width = unet.get_submodule("last").in_channels
    fits = isinstance(width, int) and width >= 16 and width & (width - 1) == 0
    if not weight.is_cuda or not fits or importlib.util.find_spec("triton") is None:
        return AutogradTrainer(unet, prepare, batch_size, lr, bf16)
    from .graphs import GraphTrainer

    return GraphTrainer(unet, prepare, batch_size, lr, torch.bfloat16 if bf16 else torch.float32)


def shuffled(count: int, device: torch.device) -> Tensor:
    """Indices of all pictures in a new order, (count,)."""
    return torch.randperm(count, device=device)


def finite(losses: Tensor, epoch: int) -> list[float]:
    """An epoch's losses as numbers.

    Raises:
        TrainingError: One of them is not finite.
    """
    values = losses.float().cpu()
    bad = (~torch.isfinite(values)).nonzero()
    if len(bad):
        raise TrainingError(
            f"the loss is {float(values[bad[0, 0]])} in epoch {epoch + 1}, batch "
            f"{int(bad[0, 0]) + 1}: lower the learning rate, or train in float32"
        )
    return [float(value) for value in values]


def synchronize(device: torch.device) -> None:
    """Waits for the device, so that a clock read next is true."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
