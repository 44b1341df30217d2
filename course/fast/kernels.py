# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, RUF059
"""Triton kernels of the accelerated reference: batch norm with GELU, and Adam.

Pictures are rows: (M, C), one row for each position of each picture, channels last. Rows may lie
in a wider buffer (a stride), so that nothing is copied for a concat. Sums over rows are added by
atomics, whose order changes the last bits of float32 from run to run.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def phi(z):
    """Normal density and distribution (Abramowitz & Stegun 26.2.17, error below 7.5e-8)."""
    density = tl.exp(-0.5 * z * z) * 0.3989422804014327
    t = 1.0 / (1.0 + 0.23164190 * tl.abs(z))
    poly = -1.821255978 + t * 1.330274429
    poly = 1.781477937 + t * poly
    poly = -0.356563782 + t * poly
    tail = density * t * (0.319381530 + t * poly)
    return density, tl.where(z > 0, 1.0 - tail, tail)


@triton.jit
def _moments(sums, cols, width, rows, eps):
    mean = tl.load(sums + cols) / rows
    var = tl.maximum(tl.load(sums + width + cols) / rows - mean * mean, 0.0)
    return mean, var, tl.rsqrt(var + eps)


@triton.jit
def _place(rows, width, C: tl.constexpr, B: tl.constexpr):
    """A program's rows, its channels, where they lie, and which rows there are."""
    row = tl.program_id(0) * B + tl.arange(0, B)
    cols = tl.program_id(1) * C + tl.arange(0, C)
    return row, cols, row[:, None] * width + cols[None, :], row[:, None] < rows


@triton.jit
def stats_kernel(y, sums, rows, width, per, C: tl.constexpr, B: tl.constexpr):
    """Adds sum and sum of squares of each channel to `sums`, (2, width)."""
    cols = tl.program_id(1) * C + tl.arange(0, C)
    total = tl.zeros((B, C), tl.float32)
    squares = tl.zeros((B, C), tl.float32)
    start = tl.program_id(0) * per
    for first in range(start, start + per, B):
        row = first + tl.arange(0, B)
        at = row[:, None] * width + cols[None, :]
        x = tl.load(y + at, row[:, None] < rows, 0.0).to(tl.float32)
        total += x
        squares += x * x
    tl.atomic_add(sums + cols, tl.sum(total, 0))
    tl.atomic_add(sums + width + cols, tl.sum(squares, 0))


@triton.jit(do_not_specialize=["positions", "has_also", "modulated"])
def norm_gelu_kernel(
    y, sums, gamma, beta, bias, mean_run, var_run, slope, out, stride, also, also_stride, scale,
    shift, rows, width, positions, has_also, modulated, eps, momentum,
    C: tl.constexpr, B: tl.constexpr,
):  # fmt: skip
    """GELU(batch norm(y)), written to one or two buffers, the first modulated; GELU's slope."""
    row, cols, at, inside = _place(rows, width, C, B)
    mean, var, rstd = _moments(sums, cols, width, rows, eps)
    if tl.program_id(0) == 0:
        old = tl.load(mean_run + cols)
        tl.store(mean_run + cols, old + momentum * (mean + tl.load(bias + cols) - old))
        old = tl.load(var_run + cols)
        tl.store(var_run + cols, old + momentum * (var * (rows / (rows - 1.0)) - old))
    x = tl.load(y + at, inside, 0.0).to(tl.float32)
    factor = tl.load(gamma + cols) * rstd
    z = (x - mean[None, :]) * factor[None, :] + tl.load(beta + cols)[None, :]
    density, below = phi(z)
    a = z * below
    tl.store(slope + at, below + z * density, inside)
    if has_also:
        tl.store(also + row[:, None] * also_stride + cols[None, :], a, inside)
    if modulated:
        per = (row // positions)[:, None] * width + cols[None, :]
        a = a * tl.load(scale + per, inside, 0.0) + tl.load(shift + per, inside, 0.0)
    tl.store(out + row[:, None] * stride + cols[None, :], a, inside)


@triton.jit
def _gradient(
    y, row, cols, at, inside, sums, slope, g1, s1, g2, s2, g3, rows, width, positions, two,
    averaged, eps,
):  # fmt: skip
    """Gradient before GELU and the normalized input, for some rows."""
    mean, var, rstd = _moments(sums, cols, width, rows, eps)
    xhat = (tl.load(y + at, inside, 0.0).to(tl.float32) - mean[None, :]) * rstd[None, :]
    g = tl.load(g1 + row[:, None] * s1 + cols[None, :], inside, 0.0).to(tl.float32)
    if two:
        g += tl.load(g2 + row[:, None] * s2 + cols[None, :], inside, 0.0).to(tl.float32)
    if averaged:
        per = (row // positions)[:, None] * width + cols[None, :]
        g += tl.load(g3 + per, inside, 0.0).to(tl.float32)
    return g * tl.load(slope + at, inside, 0.0).to(tl.float32), xhat, rstd


@triton.jit(do_not_specialize=["positions", "two", "averaged"])
def reduce_kernel(
    y, sums, slope, g1, s1, g2, s2, g3, found, rows, width, positions, two, averaged, eps, per,
    C: tl.constexpr, B: tl.constexpr,
):  # fmt: skip
    """Adds the gradients of beta and gamma to `found`, (2, width)."""
    cols = tl.program_id(1) * C + tl.arange(0, C)
    shift = tl.zeros((B, C), tl.float32)
    scale = tl.zeros((B, C), tl.float32)
    start = tl.program_id(0) * per
    for first in range(start, start + per, B):
        row = first + tl.arange(0, B)
        g, xhat, rstd = _gradient(
            y, row, cols, row[:, None] * width + cols[None, :], row[:, None] < rows, sums, slope,
            g1, s1, g2, s2, g3, rows, width, positions, two, averaged, eps,
        )  # fmt: skip
        shift += g
        scale += g * xhat
    tl.atomic_add(found + cols, tl.sum(shift, 0))
    tl.atomic_add(found + width + cols, tl.sum(scale, 0))


@triton.jit(do_not_specialize=["positions", "two", "averaged"])
def input_kernel(
    y, sums, gamma, slope, g1, s1, g2, s2, g3, found, out, rows, width, positions, two, averaged,
    eps, C: tl.constexpr, B: tl.constexpr,
):  # fmt: skip
    """Gradient of the convolution's output from the gradients behind GELU."""
    row, cols, at, inside = _place(rows, width, C, B)
    g, xhat, rstd = _gradient(
        y, row, cols, at, inside, sums, slope, g1, s1, g2, s2, g3,
        rows, width, positions, two, averaged, eps,
    )  # fmt: skip
    shift, scale = tl.load(found + cols) / rows, tl.load(found + width + cols) / rows
    factor = tl.load(gamma + cols) * rstd
    dy = factor[None, :] * (g - shift[None, :] - xhat * scale[None, :])
    tl.store(out + at, dy, inside)


@triton.jit(do_not_specialize=["positions"])
def modulation_kernel(
    y, sums, gamma, beta, g1, s1, scale, out, dscale, dshift, rows, width, positions, eps,
    C: tl.constexpr, B: tl.constexpr,
):  # fmt: skip
    """One picture's gradients of scale * GELU(batch norm(y)) + shift."""
    picture = tl.program_id(0)
    cols = tl.program_id(1) * C + tl.arange(0, C)
    mean, var, rstd = _moments(sums, cols, width, rows, eps)
    factor = tl.load(gamma + cols) * rstd
    offset = tl.load(beta + cols) - mean * factor
    by = tl.load(scale + picture * width + cols)
    ds = tl.zeros((B, C), tl.float32)
    dt = tl.zeros((B, C), tl.float32)
    for first in range(0, positions, B):
        place = first + tl.arange(0, B)
        row = picture * positions + place
        inside = (place < positions)[:, None]
        at = row[:, None] * width + cols[None, :]
        z = tl.load(y + at, inside, 0.0).to(tl.float32) * factor[None, :] + offset[None, :]
        density, below = phi(z)
        g = tl.load(g1 + row[:, None] * s1 + cols[None, :], inside, 0.0).to(tl.float32)
        ds += g * z * below
        dt += g
        tl.store(out + at, g * by[None, :], inside)
    tl.store(dscale + picture * width + cols, tl.sum(ds, 0))
    tl.store(dshift + picture * width + cols, tl.sum(dt, 0))


@triton.jit
def _biased(y, part, bias, row, cols, inside, y_rows, part_rows, has_part, C: tl.constexpr):
    """GELU(y + part + bias) of some rows; y and part start again where they have ended."""
    z = tl.load(y + (row % y_rows)[:, None] * C + cols[None, :], inside, 0.0).to(tl.float32)
    z += tl.load(bias + cols)[None, :]
    if has_part:
        z += tl.load(part + (row % part_rows)[:, None] * C + cols[None, :], inside, 0.0)
    density, below = phi(z)
    return z * below


@triton.jit(do_not_specialize=["positions", "has_part", "modulated"])
def bias_gelu_kernel(
    y, part, bias, out, scale, shift, rows, y_rows, part_rows, positions, has_part, modulated,
    C: tl.constexpr, B: tl.constexpr,
):  # fmt: skip
    """GELU(y + part + bias), scaled and shifted."""
    cols = tl.arange(0, C)
    row = tl.program_id(0) * B + tl.arange(0, B)
    inside = row[:, None] < rows
    a = _biased(y, part, bias, row, cols, inside, y_rows, part_rows, has_part, C)
    if modulated:
        a = a * tl.load(scale + (row // positions)[:, None] * C + cols[None, :], inside, 0.0)
        a += tl.load(shift + cols)[None, :]
    tl.store(out + row[:, None] * C + cols[None, :], a, inside)


@triton.jit
def product_kernel(a, w, out, rows, C: tl.constexpr, B: tl.constexpr):
    """Products of rows with each tap of a kernel to one channel, (9, rows)."""
    cols = tl.arange(0, C)
    tap = tl.arange(0, 16)
    row = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(a + row[:, None] * C + cols[None, :], row[:, None] < rows, 0.0)
    weights = tl.load(w + tap[None, :] * C + cols[:, None], (tap < 9)[None, :], 0.0)
    found = tl.trans(tl.dot(x, weights, input_precision="ieee"))
    inside = (tap < 9)[:, None] & (row < rows)[None, :]
    tl.store(out + tap[:, None] * rows + row[None, :], found, inside)


@triton.jit
def bias_gelu_taps_kernel(y, bias, w, out, rows, C: tl.constexpr, B: tl.constexpr):
    """Products of GELU(y + bias) with each tap of a kernel to one channel, (9, rows)."""
    cols = tl.arange(0, C)
    tap = tl.arange(0, 16)
    row = tl.program_id(0) * B + tl.arange(0, B)
    inside = row[:, None] < rows
    a = _biased(y, y, bias, row, cols, inside, rows, rows, 0, C)
    weights = tl.load(w + tap[None, :] * C + cols[:, None], (tap < 9)[None, :], 0.0)
    found = tl.trans(tl.dot(a.to(weights.dtype), weights, input_precision="ieee"))
    inside = (tap < 9)[:, None] & (row < rows)[None, :]
    tl.store(out + tap[:, None] * rows + row[None, :], found, inside)


@triton.jit
def adam_kernel(p, g, m, v, low, lr, step, n, B: tl.constexpr):
    """Adam (Kingma & Ba 2015) with torch's defaults, and the low-precision copy of the weights."""
    i = tl.program_id(0) * B + tl.arange(0, B)
    ok = i < n
    t = tl.load(step)
    gradient = tl.load(g + i, ok, 0.0)
    first = 0.9 * tl.load(m + i, ok, 0.0) + 0.1 * gradient
    second = 0.999 * tl.load(v + i, ok, 0.0) + 0.001 * gradient * gradient
    tl.store(m + i, first, ok)
    tl.store(v + i, second, ok)
    one, two = 1.0 - tl.exp(t * -0.10536051565782628), 1.0 - tl.exp(t * -0.0010005003335835335)
    value = tl.load(p + i, ok, 0.0)
    value -= tl.load(lr) / one * first / (tl.sqrt(second / two) + 1e-8)
    tl.store(p + i, value, ok)
    tl.store(low + i, value, ok)
