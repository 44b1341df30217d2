"""Predictions of a trained UNet for sampling: batch norm folded, halves that share their work.

In evaluation mode batch norm is part of the convolution before it. With guidance, the same x_t is
seen with and without its class, and the class enters behind the bottleneck: the way down is
computed once for both, and so is what the skip connections give to the convolutions of the way up,
since a convolution of a concat is the sum of two convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import BLOCKS, parts
from .network import SIDE, operations
from .rows import matrix, pictures, rows_of

SPLIT = {"c1": "e3", "d1": "e2", "out1": "e1"}
"""Convolutions of a concat, and which skip connection is its second half."""


@dataclass(frozen=True)
class Folded:
    """A convolution with its batch norm.

    Attributes:
        weight: Kernel, strides of channels last.
        skip: Kernel of the skip connection's channels, where there is one.
        bias: (C,), float32.
        geometry: Stride, padding, dilation, transposed, output padding, groups.
    """

    weight: Tensor
    skip: Tensor | None
    bias: Tensor
    geometry: tuple[Any, ...]


class Predictor:
    """Noise predictions of a network in evaluation mode.

    Args:
        unet: A `TimeConditionalUNet` or `ClassConditionalUNet` on its device; it is read once.
        num_ts: Number of timesteps T.
        labels: Classes, (n,), for guidance; None for the time-only net.
        low: Precision of the convolutions.
    """

    def __init__(
        self, unet: nn.Module, num_ts: int, labels: Tensor | None, low: torch.dtype
    ) -> None:
        device = next(unet.parameters()).device
        net: Any = unet
        self.ops = operations(device)
        self.side = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.layers = {name: _fold(unet, name, path, low) for name, path in BLOCKS}
        self.last = net.last.weight.detach().to(low, memory_format=torch.channels_last)
        self.last_bias = net.last.bias.detach()
        times = torch.arange(1, num_ts + 1, device=device)[:, None] / num_ts
        self.shifts = net.fc1_t(times).detach(), net.fc2_t(times).detach()
        self.labels = labels
        if labels is not None:
            one_hot = F.one_hot(labels, net.num_classes).float()
            both = torch.cat([torch.zeros_like(one_hot), one_hot])
            self.scales = net.fc1_c(both).detach(), net.fc2_c(both).detach()

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """Predicted noise, (n, 1, 28, 28), or without and then with classes, (2n, 1, 28, 28).

        Args:
            x: Noisy pictures, (n, 1, 28, 28), float32.
            t: The timestep of all, (1,).
        """
        n, layers = len(x), self.layers
        first = self.ops.expand(x.flatten(), layers["in1"].weight, SIDE, layers["in1"].bias)
        e1 = self._act("in2", first, n)
        skip1 = self._skip("out1", e1, n)
        e2 = self._act("a3", self._act("a2", self._act("a1", e1, n), n), n)
        skip2 = self._skip("d1", e2, n)
        e3 = self._act("b3", self._act("b2", self._act("b1", e2, n), n), n)
        skip3 = self._skip("c1", e3, n)
        flat = F.gelu(e3.view(n, 49, -1).mean(1)) @ matrix(layers["flat"].weight)
        count = n if self.labels is None else 2 * n
        one, two = (table.index_select(0, t - 1)[0] for table in self.shifts)
        y = self._finish("flat", flat.view(n * 49, -1), count * 49, count, 0, one)
        y = self._act("c2", self._act("c1", y, count, skip3), count)
        y = self._finish("c3", self._conv(layers["c3"], y, count), len(y), count, 1, two)
        y = self._act("d2", self._act("d1", y, count, skip2), count)
        y = self._act("out1", self._act("d3", y, count), count, skip1)
        y = self._conv(layers["out2"], y, count)
        y = self.ops.gelu_contract(y, layers["out2"].bias, self.last, self.last_bias, SIDE)
        found: Tensor = y.view(count, 1, SIDE, SIDE)
        return found

    def _skip(self, name: str, x: Tensor, count: int) -> tuple[Tensor, torch.cuda.Event | None]:
        """A skip connection's part of a convolution, on the second stream where there is one."""
        layer = self.layers[name]
        if self.side is None:
            return self._conv(layer, x, count, second=True), None
        self.side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.side):
            return self._conv(layer, x, count, second=True), self.side.record_event()

    def _act(
        self,
        name: str,
        x: Tensor,
        count: int,
        skip: tuple[Tensor, torch.cuda.Event | None] | None = None,
    ) -> Tensor:
        layer = self.layers[name]
        y = self._conv(layer, x, count)
        if skip is not None and skip[1] is not None:
            torch.cuda.current_stream().wait_event(skip[1])
        part = None if skip is None else skip[0]
        found: Tensor = self.ops.bias_gelu(y, layer.bias, len(y), part)
        return found

    def _finish(
        self, name: str, y: Tensor, rows: int, count: int, which: int, shift: Tensor
    ) -> Tensor:
        """Bias, GELU, the class's scale and the time's shift."""
        scale = self.scales[which] if self.labels is not None else self._ones(count, shift)
        found: Tensor = self.ops.bias_gelu(
            y, self.layers[name].bias, rows, None, (scale, shift), rows // count
        )
        return found

    def _ones(self, count: int, shift: Tensor) -> Tensor:
        return torch.ones(count, len(shift), device=shift.device)

    def _conv(self, layer: Folded, x: Tensor, count: int, second: bool = False) -> Tensor:
        weight = layer.skip if second else layer.weight
        y: Tensor = torch.ops.aten.convolution(pictures(x, count), weight, None, *layer.geometry)
        return rows_of(y)


def _fold(unet: nn.Module, name: str, path: str, low: torch.dtype) -> Folded:
    conv, norm = parts(unet, path)
    transposed = isinstance(conv, nn.ConvTranspose2d)
    factor = norm.weight.detach() * (norm.running_var + norm.eps).rsqrt()
    weight = conv.weight.detach() * factor.view(*((1, -1) if transposed else (-1, 1)), 1, 1)
    skip = None
    if name in SPLIT:
        weight, skip = weight.chunk(2, dim=0 if transposed else 1)
        skip = skip.to(low).contiguous(memory_format=torch.channels_last)
    return Folded(
        weight.to(low).contiguous(memory_format=torch.channels_last),
        skip,
        (conv.bias.detach() - norm.running_mean) * factor + norm.bias.detach(),
        (conv.stride, conv.padding, (1, 1), transposed, (0, 0), 1),
    )
