"""Optimization steps as CUDA graphs: one launch for the hundreds of kernels of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

WARM_UP = 3


class TrainingError(Exception):
    """Training cannot go on; the message says where and what to try."""


class Stepper:
    """Runs one training step again and again, on batches of indices.

    On CUDA the step is captured once and replayed; batches of another size, such as the last of
    an epoch, run as they are.

    Args:
        loss: Loss of the pictures with the given indices, a scalar with gradient.
        unet: The network that is trained.
        optimizer: Its optimizer; capturable on CUDA.
        batch_size: Size of the batches that are captured.
        device: Where everything is.
        bf16: Computes convolutions in bfloat16.
    """

    def __init__(
        self,
        loss: Callable[[Tensor], Tensor],
        unet: nn.Module,
        optimizer: torch.optim.Optimizer,
        batch_size: int,
        device: torch.device,
        bf16: bool,
    ) -> None:
        self.loss, self.unet, self.optimizer = loss, unet, optimizer
        self.device, self.bf16 = device, bf16
        self.indices = torch.zeros(batch_size, dtype=torch.long, device=device)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.value = torch.zeros((), device=device)

    def step(self, indices: Tensor) -> Tensor:
        """One step; returns the loss, still on the device."""
        if self.device.type != "cuda" or len(indices) != len(self.indices):
            return self._step(indices)
        self.indices.copy_(indices)
        if self.graph is None:
            self._capture()
        assert self.graph is not None
        self.graph.replay()
        return self.value.clone()

    def _step(self, indices: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss = self.loss(indices)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def _capture(self) -> None:
        """Captures a step; the state that warming up moved is put back."""
        model = {k: v.clone() for k, v in self.unet.state_dict().items()}
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._step(self.indices)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.value = self._step(self.indices).float()
        self.unet.load_state_dict(model)
        for state in self.optimizer.state.values():
            for value in state.values():
                value.zero_()


def make_adam(unet: nn.Module, lr: float, device: torch.device) -> torch.optim.Adam:
    """Adam that may run inside a graph on CUDA, its learning rate a tensor that can be changed."""
    if device.type != "cuda":
        return torch.optim.Adam(unet.parameters(), lr=lr)
    rate = torch.tensor(lr, device=device)
    return torch.optim.Adam(unet.parameters(), lr=rate, fused=True, capturable=True)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Changes the learning rate, in place where a graph reads it."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def batches(count: int, size: int, device: torch.device) -> Iterator[Tensor]:
    """One epoch's batches of shuffled indices; the last may be smaller."""
    order = torch.randperm(count, device=device)
    yield from order.split(size)


def finite(losses: list[Tensor], epoch: int) -> list[float]:
    """An epoch's losses as numbers.

    Raises:
        TrainingError: One of them is not finite.
    """
    values = torch.stack(losses).float().cpu()
    bad = (~torch.isfinite(values)).nonzero()
    if len(bad):
        raise TrainingError(
            f"the loss is {float(values[bad[0, 0]])} in epoch {epoch + 1}, batch {int(bad[0, 0])}: "
            "lower the learning rate, or train in float32"
        )
    return [float(value) for value in values]


def synchronize(device: torch.device) -> None:
    """Waits for the device, so that a clock read next is true."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
