"""The UNet's layers as the accelerated reference sees them, and its weights in one buffer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

BLOCKS = (
    ("in1", "conv_in.layers.0.layers"),
    ("in2", "conv_in.layers.1.layers"),
    ("a1", "down1.layers.0.layers"),
    ("a2", "down1.layers.1.layers.0.layers"),
    ("a3", "down1.layers.1.layers.1.layers"),
    ("b1", "down2.layers.0.layers"),
    ("b2", "down2.layers.1.layers.0.layers"),
    ("b3", "down2.layers.1.layers.1.layers"),
    ("flat", "unflatten.layers"),
    ("c1", "up1.layers.0.layers"),
    ("c2", "up1.layers.1.layers.0.layers"),
    ("c3", "up1.layers.1.layers.1.layers"),
    ("d1", "up2.layers.0.layers"),
    ("d2", "up2.layers.1.layers.0.layers"),
    ("d3", "up2.layers.1.layers.1.layers"),
    ("out1", "conv_out.layers.0.layers"),
    ("out2", "conv_out.layers.1.layers"),
)
"""Convolutions with batch norm and GELU, in order, and where they are in the solution's nets."""


@dataclass
class Layer:
    """A convolution, its batch norm, and what a step keeps of them.

    Attributes:
        weight: Kernel in the precision of the computation, strides of channels last.
        bias: The convolution's bias, (C,). Batch norm takes it out again, so it has no gradient;
            it shows in the running mean only.
        gamma, beta: Scale and shift, (C,).
        mean, var: Running statistics, (C,); they are moved.
        sums: Sum and sum of squares of the last batch, (2, C); zero before a step.
        found: Gradients of beta and gamma, (2, C); zero before a step.
        stride, padding, transposed: Of the convolution.
        momentum, eps: Of the batch norm.
    """

    weight: Tensor
    bias: Tensor
    gamma: Tensor
    beta: Tensor
    mean: Tensor
    var: Tensor
    sums: Tensor
    found: Tensor
    stride: int
    padding: int
    transposed: bool
    momentum: float
    eps: float


class Flat:
    """All weights of a UNet in one buffer, which its parameters become views of.

    It has two regions: the wide convolutions and the fully connected blocks, whose gradients come
    in low precision; then batch norm and the two thin convolutions, whose gradients kernels add up.

    Args:
        unet: One of the solution's three nets, on its device.
        low: Precision of the convolutions.
    """

    def __init__(self, unet: nn.Module, low: torch.dtype) -> None:
        device = next(unet.parameters()).device
        self.fc = [name for name, _ in unet.named_parameters() if name.startswith("fc")]
        low_ones = [f"{path}.0.weight" for _, path in BLOCKS[1:]] + self.fc
        added = [f"{path}.1.{kind}" for _, path in BLOCKS for kind in ("bias", "weight")]
        added += [f"{BLOCKS[0][1]}.0.weight", "last.weight", "last.bias"]
        names = dict(unet.named_parameters())
        ordered = [*low_ones, *added]
        sizes = [names[n].numel() for n in ordered]
        self.first = sum(sizes[: len(low_ones)])
        self.weights = torch.zeros(sum(sizes), device=device)
        self.low = torch.zeros_like(self.weights, dtype=low)
        widths = [parts(unet, path)[1].num_features for _, path in BLOCKS]
        # Sums, the loss, then gradients, so that one fill makes zero what kernels add to.
        start = 2 * sum(widths) + 8
        self.buffer = torch.zeros(start + sum(sizes) - self.first, device=device)
        self.loss, self.gradients = self.buffer[start - 8], self.buffer[start:]
        self.low_gradients = torch.zeros(self.first, device=device, dtype=low)
        self.places = dict(zip(ordered, _places(sizes), strict=True))
        for name in ordered:
            view = self.view(self.weights, name, names[name].shape)
            view.copy_(names[name].detach())
            names[name].data = view
        self.low.copy_(self.weights)
        self.layers = dict(self._layers(unet, widths))

    def gradient(self, name: str, shape: torch.Size) -> Tensor:
        """Where the gradient of a parameter goes that kernels add to."""
        return self.view(self.gradients, name, shape, self.first)

    def view(self, buffer: Tensor, name: str, shape: torch.Size, before: int = 0) -> Tensor:
        """A parameter's part of a buffer of all; kernels with the channels last."""
        start, end = (place - before for place in self.places[name])
        if len(shape) != 4:
            return buffer[start:end].view(shape)
        a, b, h, w = shape
        return buffer[start:end].view(a, h, w, b).permute(0, 3, 1, 2)

    def _layers(self, unet: nn.Module, widths: list[int]) -> Iterator[tuple[str, Layer]]:
        at = 0
        for (name, path), width in zip(BLOCKS, widths, strict=True):
            conv, norm = parts(unet, path)
            start = self.places[f"{path}.1.bias"][0] - self.first
            yield (
                name,
                Layer(
                    weight=self.view(self.low, f"{path}.0.weight", conv.weight.shape),
                    bias=conv.bias.detach(),
                    gamma=norm.weight.detach(),
                    beta=norm.bias.detach(),
                    mean=norm.running_mean,
                    var=norm.running_var,
                    sums=self.buffer[at : at + 2 * width].view(2, width),
                    found=self.gradients[start : start + 2 * width].view(2, width),
                    stride=conv.stride[0],
                    padding=conv.padding[0],
                    transposed=isinstance(conv, nn.ConvTranspose2d),
                    momentum=norm.momentum,
                    eps=norm.eps,
                ),
            )
            at += 2 * width


def parts(unet: nn.Module, path: str) -> tuple[Any, Any]:
    """Convolution and batch norm of a block."""
    block: Any = unet.get_submodule(path)
    return block[0], block[1]


def _places(sizes: list[int]) -> Iterator[tuple[int, int]]:
    end = 0
    for size in sizes:
        yield end, end + size
        end += size
