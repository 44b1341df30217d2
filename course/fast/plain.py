"""What the kernels compute, in plain torch: on the CPU, and to compare with.

Pictures are rows: (M, C), one for each position of each picture, in order, channels last. A
function that ends in an underscore adds to what is there or writes where it is told.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import Layer

ROOT_2_PI = 2.5066282746310002


def norm_gelu(
    layer: Layer,
    y: Tensor,
    slope: Tensor,
    out: Tensor,
    also: Tensor | None = None,
    modulation: tuple[Tensor, Tensor] | None = None,
    positions: int = 1,
) -> None:
    """GELU of the batch norm of y, (M, C), written to `out` and, unscaled, to `also`.

    Args:
        layer: Its sums are written and its running statistics moved.
        y: Result of the convolution without its bias, which batch norm takes out again.
        slope: Gets GELU's derivative, (M, C).
        out: Rows to write, perhaps a part of a wider buffer.
        also: Further rows to write.
        modulation: Scale and shift of `out`, (N, C) each.
        positions: Positions of a picture.
    """
    x, count = y.float(), len(y)
    layer.sums[0] += x.sum(0)
    layer.sums[1] += (x * x).sum(0)
    mean, var, _ = moments(layer, count)
    layer.mean.lerp_(mean + layer.bias, layer.momentum)
    layer.var.lerp_(var * (count / (count - 1)), layer.momentum)
    z = _normed(layer, y)[1]
    slope.copy_(_slope(z))
    a = F.gelu(z)
    if also is not None:
        also.copy_(a)
    if modulation is not None:
        scale, shift = (m.repeat_interleave(positions, 0) for m in modulation)
        a = a * scale + shift
    out.copy_(a)


def norm_gelu_backward(
    layer: Layer,
    y: Tensor,
    slope: Tensor,
    gradients: list[Tensor],
    per_picture: Tensor | None = None,
    positions: int = 1,
) -> Tensor:
    """Gradient of y from one or two gradients of the result, (M, C), and one for each picture.

    The gradients of beta and gamma are written to `layer.found`.
    """
    g = sum((x.float() for x in gradients[1:]), gradients[0].float())
    if per_picture is not None:
        g = g + per_picture.float().repeat_interleave(positions, 0)
    xhat = _normed(layer, y)[0]
    g = g * slope.float()
    torch.stack([g.sum(0), (g * xhat).sum(0)], out=layer.found)
    shift, scale = layer.found / len(y)
    factor = layer.gamma * moments(layer, len(y))[2]
    found: Tensor = factor * (g - shift - xhat * scale)
    return found.to(y.dtype)


def modulation_backward(
    layer: Layer, y: Tensor, gradient: Tensor, scale: Tensor, positions: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of scale * a + shift: of a, (M, C), of scale and of shift, (N, C) each."""
    a = F.gelu(_normed(layer, y)[1]).unflatten(0, (-1, positions))
    g = gradient.float().unflatten(0, (-1, positions))
    inner = (g * scale[:, None]).flatten(0, 1).to(y.dtype)
    return inner, (g * a).sum(1), g.sum(1)


def bias_gelu(
    y: Tensor,
    bias: Tensor,
    rows: int,
    part: Tensor | None = None,
    modulation: tuple[Tensor, Tensor] | None = None,
    positions: int = 1,
) -> Tensor:
    """GELU(y + part + bias), (rows, C); y and part start again where they have ended.

    Args:
        y: (rows or a half, C).
        bias: (C,).
        rows: Rows of the result.
        part: Added before, (rows or a half, C).
        modulation: Scale, (N, C), and shift, (C,), of the result.
        positions: Positions of a picture.
    """
    z = _again(y, rows) + bias
    if part is not None:
        z = z + _again(part, rows)
    a = F.gelu(z.float())
    if modulation is not None:
        a = a * modulation[0].repeat_interleave(positions, 0) + modulation[1]
    return a.to(y.dtype)


def expand(x: Tensor, w: Tensor, side: int, bias: Tensor | None = None) -> Tensor:
    """3x3 convolution of (M,) rows to (M, C); with a bias, GELU follows."""
    y = _rows(F.conv2d(_pictures(x[:, None], side).to(w.dtype), w, None, padding=1))
    return y if bias is None else F.gelu(y.float() + bias).to(w.dtype)


def expand_backward(x: Tensor, w: Tensor, side: int) -> Tensor:
    """Gradient, (M, C), of a convolution to one channel from the gradient of its result, (M,)."""
    return _rows(F.conv_transpose2d(_pictures(x[:, None], side).to(w.dtype), w, None, padding=1))


def contract(a: Tensor, w: Tensor, bias: Tensor, side: int) -> Tensor:
    """3x3 convolution of (M, C) to one channel, (M,), float32."""
    return _rows(F.conv2d(_pictures(a, side), w, None, padding=1))[:, 0].float() + bias


def gelu_contract(y: Tensor, bias: Tensor, w: Tensor, w_bias: Tensor, side: int) -> Tensor:
    """`contract` of GELU(y + bias), (M,), float32."""
    return contract(bias_gelu(y, bias, len(y)), w, w_bias, side)


def contract_loss_(
    a: Tensor, w: Tensor, bias: Tensor, side: int, target: Tensor, loss: Tensor, dbias: Tensor
) -> Tensor:
    """Adds the mean squared error of `contract` to `loss`; returns its gradient, (M,)."""
    error = contract(a, w, bias, side) - target
    loss += (error * error).mean()
    gradient: Tensor = error * (2 / len(error))
    dbias += gradient.sum()
    return gradient


def taps_(x: Tensor, wide: Tensor, found: Tensor, side: int, last: bool) -> None:
    """Adds a thin convolution's gradient to `found`, (C, 1, 3, 3), or (1, C, 3, 3) if `last`."""
    near = F.unfold(_pictures(x[:, None], side).to(wide.dtype), 3, padding=1)
    near = near.permute(1, 0, 2).flatten(1)
    taps = (near @ wide).float()
    if last:
        found += taps.flip(0).T.reshape(found.shape)
    else:
        found += taps.T.reshape(found.shape)


def adam_(
    p: Tensor, g: Tensor, m: Tensor, v: Tensor, low: Tensor, lr: Tensor, step: Tensor
) -> None:
    """Adam (Kingma & Ba 2015) with torch's defaults; `low` is the weights' copy."""
    m.lerp_(g.float(), 0.1)
    v.mul_(0.999).addcmul_(g.float(), g.float(), value=0.001)
    one, two = 1 - 0.9**step, 1 - 0.999**step
    p -= lr / one * m / ((v / two).sqrt() + 1e-8)
    low.copy_(p)


def moments(layer: Layer, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, variance and 1 / standard deviation from the sums of `count` rows."""
    total, squares = layer.sums
    mean = total / count
    var = (squares / count - mean * mean).clamp(min=0)
    return mean, var, (var + layer.eps).rsqrt()


def _normed(layer: Layer, y: Tensor) -> tuple[Tensor, Tensor]:
    mean, _, rstd = moments(layer, len(y))
    xhat = (y.float() - mean) * rstd
    return xhat, xhat * layer.gamma + layer.beta


def _slope(z: Tensor) -> Tensor:
    """Derivative of GELU."""
    below = 0.5 * (1 + torch.erf(z / 2**0.5))
    found: Tensor = below + z * torch.exp(-0.5 * z * z) / ROOT_2_PI
    return found


def _again(x: Tensor, rows: int) -> Tensor:
    return x if len(x) == rows else x.repeat(rows // len(x), 1)


def _pictures(rows: Tensor, side: int) -> Tensor:
    found: Tensor = rows.unflatten(0, (-1, side, side))
    return found.permute(0, 3, 1, 2)


def _rows(pictures: Tensor) -> Tensor:
    return pictures.permute(0, 2, 3, 1).flatten(0, 2)
