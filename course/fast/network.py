"""A training step of the course's UNets, forwards and backwards, without autograd.

The same mathematics as `solutions.unet` and `solutions.ddpm` in another order of memory: rows of
channels (see `plain`), a concat is one buffer that both halves are written into, batch norm and
GELU are two kernels each way, and the weights' gradients are computed beside the chain of the
inputs' gradients, on a second stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import plain
from .embedding import Embedding
from .layers import Flat, Layer
from .rows import geometry, matrix, pictures, rows_of

SIDE = 28
aten = torch.ops.aten


def operations(device: torch.device) -> ModuleType:
    """The kernels where there is a GPU, else plain torch."""
    if device.type != "cuda":
        return plain
    from . import launch

    return launch


class Network:
    """A UNet, its optimizer's state, and one step of training.

    The module's parameters become views of this object's buffer, so it can be used at any time.

    Args:
        unet: One of the solution's nets on its device; D must be a power of two.
        lr: Learning rate at the start.
        low: Precision of the convolutions.
    """

    def __init__(self, unet: nn.Module, lr: float, low: torch.dtype) -> None:
        self.unet, self.low = unet, low
        self.flat = Flat(unet, low)
        self.layers = self.flat.layers
        self.device = self.flat.weights.device
        self.ops = operations(self.device)
        self.m, self.v = torch.zeros_like(self.flat.weights), torch.zeros_like(self.flat.weights)
        self.lr = torch.tensor(lr, device=self.device)
        self.steps = torch.zeros((), device=self.device)
        self.width = self.layers["in1"].gamma.numel()
        self.embedding = Embedding(unet, self.flat)
        names = dict(unet.named_parameters())
        self.last, self.last_bias = (names[f"last.{n}"] for n in ("weight", "bias"))
        self.low_last = self.flat.view(self.flat.low, "last.weight", self.last.shape)
        on_gpu = self.device.type == "cuda"
        # Weights' gradients, and the embedding, are computed beside.
        self.side = torch.cuda.Stream(self.device) if on_gpu else None
        self.third = torch.cuda.Stream(self.device) if on_gpu else None
        self.kept: dict[str, tuple[Tensor, Tensor, Tensor]] = {}
        self.found: dict[str, Tensor] = {}
        self.fc_found: list[Tensor] = []
        self.alive: list[Any] = []

    @torch.no_grad()
    def step(
        self, x: Tensor, target: Tensor, times: Tensor | None = None, classes: Tensor | None = None
    ) -> Tensor:
        """One step of Adam on the mean squared error; returns the loss, in a buffer of its own.

        Args:
            x: Noisy pictures, (N * 784,).
            target: What is to be predicted, (N * 784,).
            times: t / T, (N,), for the nets that take it.
            classes: One-hot vectors, zeros where the class is dropped, (N, classes).
        """
        self.flat.buffer.zero_()
        self.count = len(x) // SIDE**2
        modulation = self._embed(times, classes)
        top = self._forward(x, modulation)
        gradient = self.flat.gradient
        dout = self.ops.contract_loss_(
            top, self.low_last, self.last_bias.detach(), SIDE, target, self.flat.loss,
            gradient("last.bias", self.last_bias.shape),
        )  # fmt: skip
        with self._beside(dout):
            found = gradient("last.weight", self.last.shape)
            self.ops.taps_(dout, top, found, SIDE, True)
        self._backward(self.ops.expand_backward(dout, self.low_last, SIDE), modulation)
        self._optimize()
        self.kept, self.found, self.fc_found, self.alive = {}, {}, [], []
        return self.flat.loss.clone()

    def _embed(self, times: Tensor | None, classes: Tensor | None) -> list[Tensor]:
        """Scale and shift of the bottom, then of the middle: (N, 2D), (N, 2D), (N, D), (N, D)."""
        if times is None:
            return []
        with self._beside(stream=self.third):
            found = self.embedding.forward(times, classes)
        self.ready = None if self.third is None else self.third.record_event()
        return found

    def _forward(self, x: Tensor, modulation: list[Tensor]) -> Tensor:
        n, d, block = self.count, self.width, self._block
        wide = [
            self._rows(n * side * side, c) for side, c in ((7, 4 * d), (14, 2 * d), (28, 2 * d))
        ]
        self.wide = wide
        e1 = block("in2", block("in1", x, 28), 28, also=wide[2][:, d:])
        e2 = block("a3", block("a2", block("a1", e1, 14), 14), 14, also=wide[1][:, d:])
        block("b3", block("b2", block("b1", e2, 7), 7), 7, out=wide[0][:, 2 * d :])
        self.mean = wide[0].view(n, 49, 4 * d)[:, :, 2 * d :].mean(1)
        if modulation and self.ready is not None:
            torch.cuda.current_stream().wait_event(self.ready)
        block("flat", F.gelu(self.mean), 7, out=wide[0][:, : 2 * d], modulation=modulation[:2])
        up = block("c2", block("c1", wide[0], 14), 14)
        block("c3", up, 14, out=wide[1][:, :d], modulation=modulation[2:])
        block("d3", block("d2", block("d1", wide[1], 28), 28), 28, out=wide[2][:, :d])
        return block("out2", block("out1", wide[2], 28), 28)

    def _backward(self, g: Tensor, modulation: list[Tensor]) -> None:
        d, back = self.width, self._block_backward
        wide3 = back("out1", [back("out2", [g], 28)], 28)
        wide2 = back("d1", [back("d2", [back("d3", [wide3[:, :d]], 28)], 28)], 28)
        g, outer = self._modulated("c3", wide2[:, :d], modulation[2:], 14)
        wide1 = back("c1", [back("c2", [back("c3", [g], 14)], 14)], 14)
        g, inner = self._modulated("flat", wide1[:, : 2 * d], modulation[:2], 7)
        if modulation:
            self._embed_backward([*inner, *outer])
        mean = aten.gelu_backward(back("flat", [g], 7), self.mean) / 49
        e3 = back("b3", [wide1[:, 2 * d :]], 7, mean)
        e2 = back("a3", [back("b1", [back("b2", [e3], 7)], 7), wide2[:, d:]], 14)
        e1 = back("in2", [back("a1", [back("a2", [e2], 14)], 14), wide3[:, d:]], 28)
        self.first_gradient = back("in1", [e1], 28)

    def _block(
        self, name: str, x: Tensor, side: int, out: Tensor | None = None,
        also: Tensor | None = None, modulation: list[Tensor] | None = None,
    ) -> Tensor:  # fmt: skip
        """Convolution, batch norm and GELU."""
        layer = self.layers[name]
        first = name == "in1"
        y: Tensor = self.ops.expand(x, layer.weight, side) if first else self._conv(layer, x)
        slope = torch.empty_like(y)
        self.kept[name] = (x, y, slope)
        to = torch.empty_like(y) if out is None else out
        pair = (modulation[0], modulation[1]) if modulation else None
        self.ops.norm_gelu(layer, y, slope, to, also, pair, side * side)
        return to

    def _conv(self, layer: Layer, x: Tensor) -> Tensor:
        if len(x) == self.count:
            # One position becomes 7x7 of them: a product of matrices.
            return (x @ matrix(layer.weight)).view(-1, layer.weight.shape[1])
        y: Tensor = aten.convolution(pictures(x, self.count), layer.weight, None, *geometry(layer))
        return rows_of(y)

    def _block_backward(
        self, name: str, gradients: list[Tensor], side: int, per_picture: Tensor | None = None
    ) -> Tensor:
        """Gradient of the block's input; the weights' is computed beside."""
        layer, (x, y, slope) = self.layers[name], self.kept[name]
        dy: Tensor = self.ops.norm_gelu_backward(
            layer, y, slope, gradients, per_picture, side * side
        )
        self.alive += [dy, *gradients]
        if name == "in1":
            return dy
        with self._beside(dy):
            self._weights_backward(name, layer, x, dy)
        if len(x) == self.count:
            return dy.view(len(x), -1) @ matrix(layer.weight).T
        return rows_of(self._conv_backward(layer, x, dy, [True, False, False])[0])

    def _weights_backward(self, name: str, layer: Layer, x: Tensor, dy: Tensor) -> None:
        if len(x) == self.count:
            self.found[name] = (x.T @ dy.view(len(x), -1)).flatten()
        else:
            dw = self._conv_backward(layer, x, dy, [False, True, False])[1]
            self.found[name] = rows_of(dw).flatten()

    def _conv_backward(
        self, layer: Layer, x: Tensor, dy: Tensor, wanted: list[bool]
    ) -> tuple[Tensor, Tensor, Tensor]:
        found: tuple[Tensor, Tensor, Tensor] = aten.convolution_backward(
            pictures(dy, self.count), pictures(x, self.count), layer.weight, None,
            *geometry(layer), wanted,
        )  # fmt: skip
        return found

    def _modulated(
        self, name: str, g: Tensor, modulation: list[Tensor], side: int
    ) -> tuple[Tensor, tuple[Tensor, Tensor] | tuple[()]]:
        if not modulation:
            return g, ()
        layer, y = self.layers[name], self.kept[name][1]
        inner, *found = self.ops.modulation_backward(layer, y, g, modulation[0], side * side)
        return inner, (found[0], found[1])

    def _embed_backward(self, gradients: list[Tensor]) -> None:
        with self._beside(*gradients, stream=self.third):
            self.fc_found = self.embedding.backward(gradients)

    def _optimize(self) -> None:
        """Adam; the wide convolutions' beside the first convolution's gradient."""
        flat, first = self.flat, self.flat.first
        self.steps += 1
        if self.fc_found and self.side is not None and self.third is not None:
            self.side.wait_stream(self.third)
        with self._beside():
            found = [self.found[name] for name in self.layers if name != "in1"]
            torch.cat([*found, *self.fc_found], out=flat.low_gradients)
            self._adam(slice(first), flat.low_gradients)
        self._first_backward()
        self._adam(slice(first, None), flat.gradients)
        if self.side is not None:
            torch.cuda.current_stream().wait_stream(self.side)

    def _adam(self, part: slice, g: Tensor) -> None:
        flat = self.flat
        p, m, v, low = (b[part] for b in (flat.weights, self.m, self.v, flat.low))
        self.ops.adam_(p, g, m, v, low, self.lr, self.steps)

    def _first_backward(self) -> None:
        layer, name = self.layers["in1"], "conv_in.layers.0.layers.0.weight"
        found = self.flat.gradient(name, layer.weight.shape)
        self.ops.taps_(self.kept["in1"][0], self.first_gradient, found, SIDE, False)

    def _rows(self, rows: int, channels: int) -> Tensor:
        return torch.empty(rows, channels, device=self.device, dtype=self.low)

    @contextmanager
    def _beside(self, *needed: Tensor, stream: torch.cuda.Stream | None = None) -> Iterator[None]:
        """On the second stream or another, after what the first has been told so far."""
        stream = stream or self.side
        if stream is None:
            yield
            return
        # Memory that the other stream still reads must not be given to the first one again.
        self.alive += needed
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            yield
