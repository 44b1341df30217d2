"""Pictures as rows, (M, C), one for each position of each picture, and back; nothing is copied."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .layers import Layer


def pictures(rows: Tensor, count: int) -> Tensor:
    """Rows of `count` square pictures, (M, C), as (count, C, side, side)."""
    side = round((len(rows) // count) ** 0.5)
    return rows.view(count, side, side, -1).permute(0, 3, 1, 2)


def rows_of(x: Tensor) -> Tensor:
    """Pictures, or kernels, with strides of channels last as rows, (M, C)."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def matrix(weight: Tensor) -> Tensor:
    """A kernel that turns one position into k x k of them, (I, O, k, k), as (I, k k O)."""
    return weight.permute(0, 2, 3, 1).flatten(1)


def geometry(layer: Layer) -> tuple[Any, ...]:
    """A layer's stride, padding and the like, as aten's convolutions take them."""
    pair = (layer.stride, layer.stride), (layer.padding, layer.padding), (1, 1)
    return (*pair, layer.transposed, (0, 0), 1)
