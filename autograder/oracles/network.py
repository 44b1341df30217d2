"""Blocks and UNets of Part B as plain functions of known weights.

A weight depends on its shape alone, so names and order of a student's layers do not matter. A
convolution's weights are the same in both halves of its input channels, so that neither does
the order of a concatenation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.subject import RemoteModule

TRANSPOSED = (4, 7)  # kernel sizes of the transposed convolutions, whose inputs come first
RTOL = ATOL = 2e-3  # ten times above float32's spread; lets the tanh form of GELU (5e-4) pass


def _generator(shape: tuple[int, ...], salt: int) -> torch.Generator:
    seed = salt
    for size in shape:
        seed = (seed * 1009 + size) % 2**31
    return torch.Generator().manual_seed(seed)


@cache
def weight(*shape: int) -> Tensor:
    """The weight of a convolution or linear layer, of about unit gain."""
    value = torch.randn(shape, generator=_generator(shape, 1))
    inputs = 0 if shape[-1] in TRANSPOSED and len(shape) == 4 else 1
    half = shape[inputs] // 2
    if len(shape) == 4 and half and shape[inputs] % 2 == 0:
        one = value.narrow(inputs, 0, half)
        value = torch.cat([one, one], dim=inputs)
    reach = {4: 4, 7: 1}.get(shape[-1], math.prod(shape[2:]))
    return value / math.sqrt(shape[inputs] * (reach if len(shape) == 4 else 1))


@cache
def vector(count: int) -> Tensor:
    """Every bias, and the scale of every batch normalisation."""
    return 0.6 + 0.8 * torch.rand(count, generator=_generator((count,), 2))


@cache
def statistic(count: int) -> Tensor:
    """Running mean and running variance of every batch normalisation."""
    return 0.5 + torch.rand(count, generator=_generator((count,), 3))


def known(module: RemoteModule) -> RemoteModule:
    """Gives all parameters and buffers of a student's module their known values."""
    state, names = module.state()
    module.load({key: _known(value, key in names) for key, value in state.items()})
    return module


def constant(module: RemoteModule, value: float) -> RemoteModule:
    """Sets all weights of a student's module to 0 and all biases and scales to `value`."""
    state, names = module.state()
    zero = {k: torch.zeros_like(v) if k in names else v for k, v in state.items()}
    module.load({k: v + value if k in names and v.dim() == 1 else v for k, v in zero.items()})
    return module


def _known(value: Tensor, parameter: bool) -> Tensor:
    if not value.is_floating_point():
        return value
    if parameter and value.dim() >= 2:
        return weight(*value.shape).clone()
    count = value.numel()
    return (vector(count) if parameter else statistic(count)).clone().reshape(value.shape)


class Reference:
    """The nets' arithmetic with known weights; counts the parameters that it uses.

    Attributes:
        training: Whether batch normalisation takes its statistics from the batch.
        parameters: How many trainable numbers were used so far.
    """

    def __init__(self, training: bool) -> None:
        self.training = training
        self.parameters = 0

    def _weight(self, *shape: int) -> Tensor:
        self.parameters += math.prod(shape)
        return weight(*shape)

    def _vector(self, count: int) -> Tensor:
        self.parameters += count
        return vector(count)

    def _norm_gelu(self, x: Tensor) -> Tensor:
        count = x.shape[1]
        mean, var = statistic(count).clone(), statistic(count).clone()
        scale, shift = self._vector(count), self._vector(count)
        return F.gelu(F.batch_norm(x, mean, var, scale, shift, training=self.training))

    def plain(self, x: Tensor, out: int, stride: int = 1) -> Tensor:
        """A convolution of kernel 3 and nothing else."""
        w = self._weight(out, x.shape[1], 3, 3)
        return F.conv2d(x, w, self._vector(out), stride=stride, padding=1)

    def conv(self, x: Tensor, out: int) -> Tensor:
        """`Conv`."""
        return self._norm_gelu(self.plain(x, out))

    def down_conv(self, x: Tensor, out: int) -> Tensor:
        """`DownConv`."""
        return self._norm_gelu(self.plain(x, out, stride=2))

    def up_conv(self, x: Tensor, out: int) -> Tensor:
        """`UpConv`."""
        w = self._weight(x.shape[1], out, 4, 4)
        return self._norm_gelu(F.conv_transpose2d(x, w, self._vector(out), stride=2, padding=1))

    def flatten(self, x: Tensor) -> Tensor:
        """`Flatten`."""
        return F.gelu(x.mean((2, 3), keepdim=True))

    def unflatten(self, x: Tensor) -> Tensor:
        """`Unflatten`."""
        count = x.shape[1]
        w = self._weight(count, count, 7, 7)
        return self._norm_gelu(F.conv_transpose2d(x, w, self._vector(count), stride=7))

    def conv_block(self, x: Tensor, out: int) -> Tensor:
        """`ConvBlock`."""
        return self.conv(self.conv(x, out), out)

    def down_block(self, x: Tensor, out: int) -> Tensor:
        """`DownBlock`."""
        return self.conv_block(self.down_conv(x, out), out)

    def up_block(self, x: Tensor, out: int) -> Tensor:
        """`UpBlock`."""
        return self.conv_block(self.up_conv(x, out), out)

    def fc_block(self, x: Tensor, out: int) -> Tensor:
        """`FCBlock`."""
        hidden = F.gelu(F.linear(x, self._weight(out, x.shape[1]), self._vector(out)))
        return F.linear(hidden, self._weight(out, out), self._vector(out))

    def unet(self, x: Tensor, d: int, **given: Tensor) -> Tensor:
        """A UNet of Part B; `given` may hold `t` (N,) and `c`, the masked one-hot classes.

        Args:
            x: Images, (N, C, 28, 28).
            d: Hidden channels D.
            given: Conditions.
        """
        e1 = self.conv_block(x, d)
        e2 = self.down_block(e1, d)
        e3 = self.down_block(e2, 2 * d)
        middle = self._condition(self.unflatten(self.flatten(e3)), given)
        up1 = self._condition(self.up_block(torch.cat([e3, middle], 1), d), given)
        up2 = self.up_block(torch.cat([e2, up1], 1), d)
        return self.plain(self.conv_block(torch.cat([e1, up2], 1), d), x.shape[1])

    def _condition(self, x: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        count = x.shape[1]
        if "c" in given:
            x = x * self.fc_block(given["c"], count)[:, :, None, None]
        if "t" in given:
            x = x + self.fc_block(given["t"].reshape(-1, 1), count)[:, :, None, None]
        return x
