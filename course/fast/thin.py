# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, RUF059
"""Triton kernels of the first and the last convolution, which have one channel on one side."""

from __future__ import annotations

import triton
import triton.language as tl

from .kernels import phi


@triton.jit
def _shifted(row, inside, tap, side, FLIP: tl.constexpr):
    """Rows of the neighbours that a 3x3 kernel's tap sees, and where there are any."""
    down, right = tap // 3 - 1, tap % 3 - 1
    if FLIP:
        down, right = -down, -right
    column, line = row % side, (row // side) % side
    ok = (line + down >= 0) & (line + down < side) & (column + right >= 0)
    return row + down * side + right, ok & (column + right < side) & inside


@triton.jit
def expand_kernel(
    x, w, bias, out, rows, side, w_tap, w_col,
    C: tl.constexpr, B: tl.constexpr, FLIP: tl.constexpr, GELU: tl.constexpr,
):  # fmt: skip
    """3x3 convolution from 1 to C channels."""
    cols = tl.arange(0, C)
    row = tl.program_id(0) * B + tl.arange(0, B)
    tap = tl.arange(0, 16)
    at, ok = _shifted(row[:, None], (row < rows)[:, None], tap[None, :], side, FLIP)
    near = tl.load(x + at, ok & (tap < 9)[None, :], 0.0)
    weights = tl.load(w + tap[:, None] * w_tap + cols[None, :] * w_col, (tap < 9)[:, None], 0.0)
    acc = tl.dot(near.to(weights.dtype), weights, input_precision="ieee")
    if GELU:
        acc += tl.load(bias + cols)[None, :]
        density, below = phi(acc)
        acc = acc * below
    tl.store(out + row[:, None] * C + cols[None, :], acc, (row < rows)[:, None])


@triton.jit
def taps_kernel(
    x, g, found, rows, side, per, w_tap, w_col, C: tl.constexpr, B: tl.constexpr, FLIP: tl.constexpr
):
    """Adds the weights' gradient of a thin convolution: sum over rows of x at each tap times g."""
    cols = tl.arange(0, C)
    tap = tl.arange(0, 16)
    acc = tl.zeros((16, C), tl.float32)
    start = tl.program_id(0) * per
    for first in tl.range(start, start + per, B, num_stages=3):
        row = first + tl.arange(0, B)
        at, ok = _shifted(row[None, :], (row < rows)[None, :], tap[:, None], side, FLIP)
        near = tl.load(x + at, ok & (tap < 9)[:, None], 0.0)
        wide = tl.load(g + row[:, None] * C + cols[None, :], (row < rows)[:, None], 0.0)
        acc = tl.dot(near.to(wide.dtype), wide, acc, input_precision="ieee")
    at = tap[:, None] * w_tap + cols[None, :] * w_col
    tl.atomic_add(found + at, acc, (tap < 9)[:, None] & (cols >= 0)[None, :])


@triton.jit
def _gather(taps, bias, row, rows, side, B: tl.constexpr):
    acc = tl.zeros((B,), tl.float32) + tl.load(bias)
    for tap in tl.static_range(9):
        at, ok = _shifted(row, row < rows, tap, side, False)
        acc += tl.load(taps + tap * rows + at, ok, 0.0)
    return acc


@triton.jit
def gather_kernel(taps, bias, out, rows, side, B: tl.constexpr):
    """3x3 convolution to one channel from the products with its taps."""
    row = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(out + row, _gather(taps, bias, row, rows, side, B), row < rows)


@triton.jit
def loss_kernel(taps, bias, target, out, loss, dbias, rows, side, B: tl.constexpr):
    """Mean squared error of a 3x3 convolution to one channel, and its gradient."""
    row = tl.program_id(0) * B + tl.arange(0, B)
    error = _gather(taps, bias, row, rows, side, B) - tl.load(target + row, row < rows, 0.0)
    error = tl.where(row < rows, error, 0.0)
    gradient = 2.0 * error / rows
    tl.atomic_add(loss, tl.sum(error * error, 0) / rows)
    tl.atomic_add(dbias, tl.sum(gradient, 0))
    tl.store(out + row, gradient, row < rows)
