"""Training as CUDA graphs: several steps of a `Network` in one launch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from .network import Network
from .stepping import Noised

GROUP = 16
"""Most steps in one graph."""


class GraphTrainer:
    """Trains a network on the GPU, full batches by graphs and others as they are.

    Args:
        unet: One of the solution's nets on the GPU.
        prepare: Draws noise, times and dropped classes for the pictures with given indices.
        batch_size: Pictures a step.
        lr: Learning rate at the start.
        low: Precision of the convolutions.
    """

    def __init__(
        self,
        unet: nn.Module,
        prepare: Callable[[Tensor], Noised],
        batch_size: int,
        lr: float,
        low: torch.dtype,
    ) -> None:
        self.network = Network(unet, lr, low)
        self.prepare, self.batch_size = prepare, batch_size
        self.graph: torch.cuda.CUDAGraph | None = None
        self.beside: torch.cuda.Stream | None = None
        self.group = 1
        self.buffers: list[Tensor] = []
        self.losses = torch.zeros(GROUP, device=self.network.device)

    def epoch(self, order: Tensor, lr: float) -> Tensor:
        """One epoch over the pictures in the given order; returns the loss of each batch."""
        self.network.lr.fill_(lr)
        full = len(order) // self.batch_size
        if self.graph is None and full and order.is_cuda:
            self._capture(order, full)
        size = self.group * self.batch_size
        groups = [i for i in order.split(size) if len(i) == size] if self.graph else []
        found = self._replay(groups)
        rest = order[len(found) * size :]
        found += [self.network.step(*self.prepare(i).tensors())[None] for i in self._split(rest)]
        for name, buffer in self.network.unet.named_buffers():
            if name.endswith("num_batches_tracked"):
                buffer += -(-len(order) // self.batch_size)
        return torch.cat(found)

    def state(self) -> dict[str, Tensor]:
        """See `Trainer`."""
        network = self.network
        return {"m": network.m, "v": network.v, "steps": network.steps}

    def load(self, state: dict[str, Tensor]) -> None:
        """See `Trainer`; the weights were put back before."""
        for name, value in self.state().items():
            value.copy_(state[name])
        self.network.flat.low.copy_(self.network.flat.weights)

    def _split(self, rest: Tensor) -> Iterator[Tensor]:
        return (i for i in rest.split(self.batch_size) if len(i))

    def _replay(self, groups: list[Tensor]) -> list[Tensor]:
        """Replays the graph on groups of batches; the next is prepared beside."""
        if self.graph is None or self.beside is None:
            return []
        found, main = [], torch.cuda.current_stream()
        self.beside.wait_stream(main)
        for indices in groups:
            with torch.cuda.stream(self.beside):
                prepared = self.prepare(indices).tensors()
            main.wait_stream(self.beside)
            for buffer, value in zip(self.buffers, prepared, strict=True):
                buffer.copy_(value)
                value.record_stream(main)
            self.graph.replay()
            found.append(self.losses[: self.group].clone())
        return found

    def _capture(self, order: Tensor, full: int) -> None:
        """Captures a group of steps; the state that warming up moved is put back."""
        self.group = max(g for g in range(1, GROUP + 1) if full % g == 0)
        from .launch import compiled_together

        network = self.network
        before = {k: v.clone() for k, v in network.unet.state_dict().items()}
        state = {k: v.clone() for k, v in self.state().items()}
        self.buffers = [
            x.clone() for x in self.prepare(order[: self.group * self.batch_size]).tensors()
        ]
        batches = list(zip(*(b.chunk(self.group) for b in self.buffers), strict=True))
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            with compiled_together():
                network.step(*batches[0])
            network.step(*batches[0])
        torch.cuda.current_stream().wait_stream(stream)
        self.graph, self.beside = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        # What the next kernel waits for goes before the weights' gradients beside it.
        urgent = torch.cuda.Stream(priority=-1)
        with torch.cuda.graph(self.graph, stream=urgent):
            for i, batch in enumerate(batches):
                self.losses[i] = network.step(*batch)
        network.unet.load_state_dict(before)
        self.load(state)
