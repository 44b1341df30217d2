"""Group norm with SiLU, residual sums and gates: by Triton's kernels on a GPU, else by torch.

Left to eager PyTorch, these take more of a step than the convolutions do. The biases of
convolutions are folded in, so that no pass over the pictures is spent on adding them.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNELS = False
"""Whether Triton's kernels are used: on a GPU, or in tests by Triton's interpreter.

Not under `torch.compile`, which makes kernels of its own from torch's operations.
"""


def norm_act(
    norm: nn.GroupNorm,
    x: Tensor,
    *,
    act: bool,
    bias: Tensor | None = None,
    scale: Tensor | None = None,
    shift: Tensor | None = None,
) -> Tensor:
    """Group norm of x + bias, scaled and shifted, through SiLU if asked.

    Args:
        norm: Its groups, weight, bias and epsilon.
        x: Pictures, (B, C, H, W), channels-last on a GPU.
        act: Whether SiLU follows.
        bias: Bias of the convolution before, (C,).
        scale: What multiplies the normed channels, (B, C).
        shift: What is added then, (B, C).

    Returns:
        Of the shape and dtype of x.
    """
    gain, offset = norm.weight.float()[None], norm.bias.float()[None]
    if scale is not None:
        gain, offset = gain * scale, offset * scale
    if shift is not None:
        offset = offset + shift
    gain, offset = gain.expand(x.shape[:2]), offset.expand(x.shape[:2])
    before = (torch.zeros_like(norm.weight) if bias is None else bias).float()
    if KERNELS:
        fused: Tensor = _NormAct.apply(x, gain, offset, before, norm.num_groups, norm.eps, act)
        return fused
    wide = x.float() + before[None, :, None, None]
    sums = torch.stack([wide.sum((2, 3)), wide.square().sum((2, 3))])
    mean, inverse = _moments(sums, norm.num_groups, x.shape[2] * x.shape[3], norm.eps)
    factor = gain * inverse
    normed = wide * factor[:, :, None, None] + (offset - mean * factor)[:, :, None, None]
    return (F.silu(normed) if act else normed).to(x.dtype)


def add(x: Tensor, y: Tensor, bias: Tensor) -> Tensor:
    """Sum of two batches of pictures, (B, C, H, W), and a bias, (C,)."""
    if KERNELS:
        total: Tensor = _Add.apply(x, y, bias)
        return total
    return x + y + bias[None, :, None, None]


def gate(x: Tensor) -> Tensor:
    """The first half of the last axis times the GELU of the second."""
    if KERNELS:
        gated: Tensor = _Gate.apply(x)
        return gated
    value, opening = x.chunk(2, dim=-1)
    return value * F.gelu(opening)


def _moments(sums: Tensor, groups: int, pixels: int, eps: float) -> tuple[Tensor, Tensor]:
    """Mean and inverse deviation of each channel's group, (B, C), from sums over pixels.

    Sums over pixels keep neighbouring channels together: whole cache lines are read.
    """
    batch, channels = sums.shape[1:]
    per = channels // groups
    both = sums.view(2, batch, groups, per).sum(-1) / (pixels * per)
    inverse = torch.rsqrt((both[1] - both[0].square()).clamp(min=0) + eps)
    return both[0].repeat_interleave(per, 1), inverse.repeat_interleave(per, 1)


def _launch(x: Tensor) -> tuple[Tensor, tuple[int, int, int], tuple[int, int], dict[str, int]]:
    """Rows of pictures, (B, P, C), with pixels a run, grid and block sizes."""
    rows = x.permute(0, 2, 3, 1)
    if not rows.is_contiguous():
        rows = rows.contiguous()
    batch, pixels, channels = len(x), x.shape[2] * x.shape[3], x.shape[1]
    width = 1 << (channels - 1).bit_length()
    block = max(1, min(pixels, 4096 // width))
    per = min(pixels, max(block, 512))
    return (
        rows,
        (pixels, channels, per),
        (batch, -(-pixels // per)),
        {"ROWS": block, "WIDTH": width},
    )


class _NormAct(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        gain: Tensor,
        offset: Tensor,
        bias: Tensor,
        groups: int,
        eps: float,
        act: bool,
    ) -> Tensor:
        from . import kernels

        rows, sizes, grid, blocks = _launch(x)
        batch, channels, pixels = len(x), x.shape[1], sizes[0]
        partial = torch.empty(grid[1], 2, batch, channels, device=x.device)
        kernels.sums_kernel[grid](rows, partial, *sizes, batch, **blocks)
        sums = partial.sum(0)
        # Sums of x + bias from those of x.
        first = sums[0] + pixels * bias
        second = sums[1] + bias * (2 * sums[0] + pixels * bias)
        mean, inverse = _moments(torch.stack([first, second]), groups, pixels, eps)
        a = gain * inverse
        b = offset + (bias - mean) * a
        out = torch.empty_like(rows)
        kernels.apply_kernel[grid](rows, a, b, out, *sizes, ACT=act, **blocks)
        ctx.save_for_backward(rows, gain, bias, mean, inverse, a, b, sums[0])
        ctx.groups, ctx.act = groups, act
        return out.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        from . import kernels

        rows, gain, bias, mean, inverse, a, b, first = ctx.saved_tensors
        dy, sizes, grid, blocks = _launch(gradients[0])
        batch, channels, pixels = dy.shape[0], dy.shape[-1], sizes[0]
        partial = torch.empty(grid[1], 2, batch, channels, device=dy.device)
        kernels.slope_sums_kernel[grid](
            rows, dy, a, b, partial, *sizes, batch, ACT=ctx.act, **blocks
        )
        d_offset, times_x = partial.sum(0)
        d_gain = inverse * (times_x + (bias - mean) * d_offset)
        size = pixels * channels // ctx.groups
        shares = torch.stack([gain * d_offset, gain * d_gain])
        shares = shares.view(2, batch, ctx.groups, -1).sum(-1) / size
        mean_slope, mean_product = shares.repeat_interleave(channels // ctx.groups, 2)
        c2 = -inverse.square() * mean_product
        c1 = -inverse * mean_slope + (bias - mean) * c2
        dx = torch.empty_like(rows)
        kernels.norm_backward_kernel[grid](
            rows, dy, a, b, c1, c2, dx, *sizes, ACT=ctx.act, **blocks
        )
        d_bias = (a * d_offset + pixels * c1 + c2 * first).sum(0)
        return dx.permute(0, 3, 1, 2), d_gain, d_offset, d_bias, None, None, None


class _Add(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, x: Tensor, y: Tensor, bias: Tensor) -> Tensor:
        from . import kernels

        left, right = (part.permute(0, 2, 3, 1).contiguous() for part in (x, y))
        out = torch.empty_like(left)
        count = out.numel()
        kernels.add_kernel[(-(-count // 4096),)](
            left, right, bias, out, count, x.shape[1], BLOCK=4096
        )
        return out.permute(0, 3, 1, 2)

    @staticmethod
    def backward(_: Any, *gradients: Any) -> Any:
        dy = gradients[0]
        # A sum over pictures first: one long reduction reads memory badly.
        d_bias = dy.permute(0, 2, 3, 1).flatten(1, 2).sum(1, dtype=torch.float32).sum(0)
        return dy, dy, d_bias.to(dy.dtype)


class _Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        from . import kernels

        x = x.contiguous()
        inner = x.shape[-1] // 2
        out = torch.empty(*x.shape[:-1], inner, device=x.device, dtype=x.dtype)
        kernels.gate_kernel[(x.numel() // (2 * inner),)](x, out, inner, BLOCK=1024)
        ctx.save_for_backward(x)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        from . import kernels

        (x,) = ctx.saved_tensors
        dy = gradients[0].contiguous()
        out = torch.empty_like(x)
        inner = x.shape[-1] // 2
        kernels.gate_backward_kernel[(x.numel() // (2 * inner),)](x, dy, out, inner, BLOCK=1024)
        return out
