# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
"""Triton kernels for what surrounds convolutions: group norm with SiLU, residual sums, gates.

Pictures are channels-last here, rows of channels: (B, P, C) for B pictures of P pixels. A program
takes a run of pixels of one picture and all channels, so that it reads memory in one stretch.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def sums_kernel(x, out, P, C, per, total, ROWS: tl.constexpr, WIDTH: tl.constexpr):
    """Write sums and sums of squares over a run of pixels to `out`, (runs, 2, B, C)."""
    picture, run = tl.program_id(0), tl.program_id(1)
    columns = tl.arange(0, WIDTH)
    first = tl.zeros((ROWS, WIDTH), tl.float32)
    second = tl.zeros((ROWS, WIDTH), tl.float32)
    base = x + picture.to(tl.int64) * P * C
    for start in range(run * per, run * per + per, ROWS):
        rows = start + tl.arange(0, ROWS)
        inside = (rows < P)[:, None] & (columns < C)[None, :]
        value = tl.load(base + rows[:, None] * C + columns[None, :], inside, 0.0).to(tl.float32)
        first += value
        second += value * value
    place = out + (run * 2 * total + picture) * C + columns
    tl.store(place, tl.sum(first, 0), columns < C)
    tl.store(place + total * C, tl.sum(second, 0), columns < C)


@triton.jit
def apply_kernel(
    x, a, b, out, P, C, per,
    ACT: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Write x a + b, through SiLU if ACT, with a and b of (B, C)."""
    picture, run = tl.program_id(0), tl.program_id(1)
    columns = tl.arange(0, WIDTH)
    factor = tl.load(a + picture * C + columns, columns < C, 0.0)[None, :]
    offset = tl.load(b + picture * C + columns, columns < C, 0.0)[None, :]
    base = picture.to(tl.int64) * P * C
    for start in range(run * per, run * per + per, ROWS):
        rows = start + tl.arange(0, ROWS)
        inside = (rows < P)[:, None] & (columns < C)[None, :]
        places = base + rows[:, None] * C + columns[None, :]
        z = tl.load(x + places, inside, 0.0).to(tl.float32) * factor + offset
        if ACT:
            z = z / (1.0 + tl.exp(-z))
        tl.store(out + places, z.to(out.dtype.element_ty), inside)


@triton.jit
def slope(x, dy, factor, offset, ACT: tl.constexpr):
    """Gradient with respect to x a + b."""
    if ACT:
        z = x * factor + offset
        s = 1.0 / (1.0 + tl.exp(-z))
        dy = dy * s * (1.0 + z * (1.0 - s))
    return dy


@triton.jit
def slope_sums_kernel(
    x, dy, a, b, out, P, C, per, total,
    ACT: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Write sums of the gradient of x a + b, and of it times x, to `out`, (runs, 2, B, C)."""
    picture, run = tl.program_id(0), tl.program_id(1)
    columns = tl.arange(0, WIDTH)
    factor = tl.load(a + picture * C + columns, columns < C, 0.0)[None, :]
    offset = tl.load(b + picture * C + columns, columns < C, 0.0)[None, :]
    first = tl.zeros((ROWS, WIDTH), tl.float32)
    second = tl.zeros((ROWS, WIDTH), tl.float32)
    base = picture.to(tl.int64) * P * C
    for start in range(run * per, run * per + per, ROWS):
        rows = start + tl.arange(0, ROWS)
        inside = (rows < P)[:, None] & (columns < C)[None, :]
        places = base + rows[:, None] * C + columns[None, :]
        value = tl.load(x + places, inside, 0.0).to(tl.float32)
        gradient = tl.load(dy + places, inside, 0.0).to(tl.float32)
        gradient = slope(value, gradient, factor, offset, ACT)
        first += gradient
        second += gradient * value
    place = out + (run * 2 * total + picture) * C + columns
    tl.store(place, tl.sum(first, 0), columns < C)
    tl.store(place + total * C, tl.sum(second, 0), columns < C)


@triton.jit
def norm_backward_kernel(
    x, dy, a, b, c1, c2, out, P, C, per,
    ACT: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Write the gradient of x a + b times a, plus c1 + c2 x: that with respect to x."""
    picture, run = tl.program_id(0), tl.program_id(1)
    columns = tl.arange(0, WIDTH)
    inside = columns < C
    factor = tl.load(a + picture * C + columns, inside, 0.0)[None, :]
    offset = tl.load(b + picture * C + columns, inside, 0.0)[None, :]
    constant = tl.load(c1 + picture * C + columns, inside, 0.0)[None, :]
    linear = tl.load(c2 + picture * C + columns, inside, 0.0)[None, :]
    base = picture.to(tl.int64) * P * C
    for start in range(run * per, run * per + per, ROWS):
        rows = start + tl.arange(0, ROWS)
        here = (rows < P)[:, None] & (columns < C)[None, :]
        places = base + rows[:, None] * C + columns[None, :]
        value = tl.load(x + places, here, 0.0).to(tl.float32)
        gradient = tl.load(dy + places, here, 0.0).to(tl.float32)
        gradient = slope(value, gradient, factor, offset, ACT)
        gradient = gradient * factor + constant + linear * value
        tl.store(out + places, gradient.to(out.dtype.element_ty), here)


@triton.jit
def add_kernel(x, y, bias, out, count, C: tl.constexpr, BLOCK: tl.constexpr):
    """Write x + y + the bias of each channel."""
    start = tl.program_id(0).to(tl.int64) * BLOCK
    places = start + tl.arange(0, BLOCK)
    channels = ((start % C).to(tl.int32) + tl.arange(0, BLOCK)) % C
    inside = places < count
    value = tl.load(x + places, inside, 0.0).to(tl.float32)
    value += tl.load(y + places, inside, 0.0).to(tl.float32)
    value += tl.load(bias + channels, inside, 0.0).to(tl.float32)
    tl.store(out + places, value.to(out.dtype.element_ty), inside)


@triton.jit
def gate_kernel(x, out, inner, BLOCK: tl.constexpr):
    """Write the first half of each row of 2 `inner` times the GELU of the second."""
    row = tl.program_id(0).to(tl.int64)
    for start in range(0, inner, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        inside = columns < inner
        value = tl.load(x + row * 2 * inner + columns, inside, 0.0).to(tl.float32)
        gate = tl.load(x + row * 2 * inner + inner + columns, inside, 0.0).to(tl.float32)
        gated = value * gate * 0.5 * (1.0 + tl.erf(gate * 0.7071067811865476))
        tl.store(out + row * inner + columns, gated.to(out.dtype.element_ty), inside)


@triton.jit
def gate_backward_kernel(x, dy, out, inner, BLOCK: tl.constexpr):
    """Write the gradient with respect to both halves."""
    row = tl.program_id(0).to(tl.int64)
    for start in range(0, inner, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        inside = columns < inner
        place = row * 2 * inner + columns
        value = tl.load(x + place, inside, 0.0).to(tl.float32)
        gate = tl.load(x + place + inner, inside, 0.0).to(tl.float32)
        gradient = tl.load(dy + row * inner + columns, inside, 0.0).to(tl.float32)
        share = 0.5 * (1.0 + tl.erf(gate * 0.7071067811865476))
        density = 0.3989422804014327 * tl.exp(-0.5 * gate * gate)
        d_value = gradient * gate * share
        d_gate = gradient * value * (share + gate * density)
        tl.store(out + place, d_value.to(out.dtype.element_ty), inside)
        tl.store(out + place + inner, d_gate.to(out.dtype.element_ty), inside)
