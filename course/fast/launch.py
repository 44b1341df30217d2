"""The functions of `plain` as Triton kernels; their arguments and results are described there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from . import kernels as k
from . import thin
from .layers import Layer

ROWS = 32  # of a tile of at most 64 channels
LONG = 128  # of a tile that is summed: fewer programs add to one address
SUMS = 264  # programs of the kernels that sum rows
PROGRAMS = 132  # of the kernel that adds up 9 C numbers: one on each multiprocessor of an H100


Call = tuple[Any, tuple[int, ...], tuple[Any, ...], dict[str, Any]]
_waiting: list[Call] | None = None


@contextmanager
def compiled_together() -> Iterator[None]:
    """Inside, kernels are noted and not run; at the end those are compiled, side by side.

    So a first pass, whose results mean nothing, takes the time of the slowest kernel instead of
    the sum of all.
    """
    global _waiting
    _waiting = []
    try:
        yield
        calls = {_key(call): call for call in _waiting}
    finally:
        _waiting = None
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(_compile, calls.values()))


def _compile(call: Call) -> None:
    kernel, programs, arguments, constants = call
    # Asking for `run` builds the launcher, which else the first launch would wait for.
    _ = kernel.warmup(*arguments, grid=programs, **constants).run


def _key(call: Call) -> tuple[Any, ...]:
    """What a kernel is compiled for."""
    kernel, _, arguments, constants = call
    kinds: list[Any] = [kernel, *sorted(constants.items())]
    for value in arguments:
        if isinstance(value, Tensor):
            kinds.append((value.dtype, value.data_ptr() % 16 == 0))
        else:
            kinds.append((type(value), value == 1, value % 16 == 0))
    return tuple(kinds)


def _launch(kernel: Any, programs: tuple[int, ...], *arguments: Any, **constants: Any) -> None:
    if _waiting is not None:
        _waiting.append((kernel, programs, arguments, constants))
    else:
        kernel[programs](*arguments, **constants)


def _block(channels: int) -> int:
    """Channels of a program: wider layers take the same kernels with more programs."""
    return min(channels, 64)


def _share(rows: int, programs: int) -> int:
    """Rows of each program, whole tiles."""
    return -(-rows // (programs * LONG)) * LONG


def norm_gelu(
    layer: Layer,
    y: Tensor,
    slope: Tensor,
    out: Tensor,
    also: Tensor | None = None,
    modulation: tuple[Tensor, Tensor] | None = None,
    positions: int = 1,
) -> None:
    """See `plain.norm_gelu`."""
    rows, c = y.shape
    block, per = _block(c), _share(rows, SUMS)
    _launch(
        k.stats_kernel, (-(-rows // per), c // block),
        y, layer.sums, rows, c, per, C=block, B=LONG, num_warps=8,
    )  # fmt: skip
    second = out if also is None else also
    scale, shift = (y, y) if modulation is None else modulation
    _launch(
        k.norm_gelu_kernel, (-(-rows // ROWS), c // block),
        y, layer.sums, layer.gamma, layer.beta, layer.bias, layer.mean, layer.var, slope,
        out, out.stride(0), second, second.stride(0), scale, shift, rows, c, positions,
        int(also is not None), int(modulation is not None), layer.eps, layer.momentum,
        C=block, B=ROWS,
    )  # fmt: skip


def norm_gelu_backward(
    layer: Layer,
    y: Tensor,
    slope: Tensor,
    gradients: list[Tensor],
    per_picture: Tensor | None = None,
    positions: int = 1,
) -> Tensor:
    """See `plain.norm_gelu_backward`."""
    rows, c = y.shape
    block, per = _block(c), _share(rows, SUMS)
    one, two, third = gradients[0], gradients[-1], y if per_picture is None else per_picture
    out = torch.empty_like(y)
    inputs = (slope, one, one.stride(0), two, two.stride(0), third, layer.found)
    kind = rows, c, positions, int(len(gradients) > 1), int(per_picture is not None), layer.eps
    _launch(
        k.reduce_kernel, (-(-rows // per), c // block),
        y, layer.sums, *inputs, *kind, per, C=block, B=LONG, num_warps=8,
    )  # fmt: skip
    _launch(
        k.input_kernel, (-(-rows // ROWS), c // block),
        y, layer.sums, layer.gamma, *inputs, out, *kind, C=block, B=ROWS,
    )  # fmt: skip
    return out


def modulation_backward(
    layer: Layer, y: Tensor, gradient: Tensor, scale: Tensor, positions: int
) -> tuple[Tensor, Tensor, Tensor]:
    """See `plain.modulation_backward`."""
    rows, c = y.shape
    inner, dscale, dshift = torch.empty_like(y), torch.empty_like(scale), torch.empty_like(scale)
    _launch(
        k.modulation_kernel, (rows // positions, c // _block(c)),
        y, layer.sums, layer.gamma, layer.beta, gradient, gradient.stride(0), scale,
        inner, dscale, dshift, rows, c, positions, layer.eps, C=_block(c), B=ROWS,
    )  # fmt: skip
    return inner, dscale, dshift


def bias_gelu(
    y: Tensor,
    bias: Tensor,
    rows: int,
    part: Tensor | None = None,
    modulation: tuple[Tensor, Tensor] | None = None,
    positions: int = 1,
) -> Tensor:
    """See `plain.bias_gelu`."""
    c = y.shape[1]
    tile = max(8, ROWS * 64 // c)
    out = torch.empty(rows, c, device=y.device, dtype=y.dtype)
    added = y if part is None else part
    scale, shift = (bias, bias) if modulation is None else modulation
    _launch(
        k.bias_gelu_kernel, (-(-rows // tile),),
        y, added, bias, out, scale, shift, rows, len(y), len(added), positions,
        int(part is not None), int(modulation is not None), C=c, B=tile,
    )  # fmt: skip
    return out


def expand(x: Tensor, w: Tensor, side: int, bias: Tensor | None = None) -> Tensor:
    """See `plain.expand`."""
    return _expand(x, w, side, bias, 1, 9, len(w), flip=False)


def expand_backward(x: Tensor, w: Tensor, side: int) -> Tensor:
    """See `plain.expand_backward`."""
    return _expand(x, w, side, None, w.shape[1], 1, w.shape[1], flip=True)


def _expand(
    x: Tensor, w: Tensor, side: int, bias: Tensor | None, w_tap: int, w_col: int, c: int, flip: bool
) -> Tensor:
    rows = len(x)
    out = torch.empty(rows, c, device=x.device, dtype=w.dtype)
    _launch(
        thin.expand_kernel, (-(-rows // LONG),),
        x, w, w if bias is None else bias, out, rows, side, w_tap, w_col,
        C=c, B=LONG, FLIP=flip, GELU=bias is not None,
    )  # fmt: skip
    return out


def gelu_contract(y: Tensor, bias: Tensor, w: Tensor, w_bias: Tensor, side: int) -> Tensor:
    """See `plain.gelu_contract`."""
    rows, c = y.shape
    taps, out = torch.empty(9, rows, device=y.device), torch.empty(rows, device=y.device)
    _launch(
        k.bias_gelu_taps_kernel, (-(-rows // LONG),), y, bias, w, taps, rows, C=c, B=LONG,
        num_warps=8,
    )  # fmt: skip
    _launch(thin.gather_kernel, (-(-rows // 512),), taps, w_bias, out, rows, side, B=512)
    return out


def contract_loss_(
    a: Tensor, w: Tensor, bias: Tensor, side: int, target: Tensor, loss: Tensor, dbias: Tensor
) -> Tensor:
    """See `plain.contract_loss_`."""
    rows, c = a.shape
    taps, out = torch.empty(9, rows, device=a.device), torch.empty(rows, device=a.device)
    _launch(k.product_kernel, (-(-rows // LONG),), a, w, taps, rows, C=c, B=LONG)
    _launch(
        thin.loss_kernel, (-(-rows // 512),),
        taps, bias, target, out, loss, dbias, rows, side, B=512,
    )  # fmt: skip
    return out


def taps_(x: Tensor, wide: Tensor, found: Tensor, side: int, last: bool) -> None:
    """See `plain.taps_`."""
    rows, c = wide.shape
    per = _share(rows, PROGRAMS)
    _launch(
        thin.taps_kernel, (-(-rows // per),),
        x, wide, found, rows, side, per, c if last else 1, 1 if last else 9,
        C=c, B=LONG, FLIP=last,
    )  # fmt: skip


def adam_(
    p: Tensor, g: Tensor, m: Tensor, v: Tensor, low: Tensor, lr: Tensor, step: Tensor
) -> None:
    """See `plain.adam_`."""
    _launch(k.adam_kernel, (-(-len(p) // 1024),), p, g, m, v, low, lr, step, len(p), B=1024)
