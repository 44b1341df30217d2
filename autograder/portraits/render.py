"""Turns tensors into small picture files: an answer's on the left, the solution's on the right."""

from __future__ import annotations

import io
from typing import Any

import torch
from torch import Tensor

SMALLEST, LARGEST = 8, 256
# Of a batch so many are shown, one below the other; in tiles of this many pixels.
ITEMS, TILE, GAP = 2, 64, 4
# Mean difference of values that span 1 or 2.
ALIKE = 0.01
UNDEFINED = torch.tensor([1.0, 0.0, 1.0])[:, None, None]


def is_picture(value: Any) -> bool:
    """Whether a value is a floating-point tensor in the form of a picture or a batch of them."""
    if not isinstance(value, Tensor) or not value.is_floating_point() or value.ndim not in (3, 4):
        return False
    channels, *size = value.shape[-3:]
    return (
        channels in (1, 3)
        and all(SMALLEST <= n <= LARGEST for n in size)
        and 0 < value.shape[0] <= 4096
    )


def alike(got: Tensor, expected: Tensor | None) -> bool:
    """Whether a person would see no difference."""
    if expected is None or got.shape != expected.shape or not torch.isfinite(got).all():
        return False
    return float((got - expected).abs().mean()) < ALIKE


def encode(got: Tensor, expected: Tensor | None) -> bytes:
    """Tiles of both as one WebP file, on one scale: that of what is expected.

    Args:
        got: (n, 1 or 3, height, width).
        expected: The same form in any size, or None.
    """
    from PIL import Image

    low, high = _scale(got if expected is None else expected)
    columns = [_column(image, low, high) for image in (got, expected) if image is not None]
    height = max(column.shape[1] for column in columns)
    padded = [
        torch.nn.functional.pad(c, (0, GAP, 0, height - c.shape[1]), value=1.0) for c in columns
    ]
    picture = torch.cat(padded, dim=2)[:, :, :-GAP]
    pixels = picture.mul(255).round().byte().permute(1, 2, 0).contiguous().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=60, method=4)
    return file.getvalue()


def _scale(image: Tensor) -> tuple[float, float]:
    """Black and white: of [-1, 1] or [0, 1] where the values keep to it, else their extremes."""
    finite = image[torch.isfinite(image)]
    if not finite.numel():
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if low >= -1.05 and high <= 1.05:
        return (0.0 if low >= -0.05 else -1.0), 1.0
    return low, max(high, low + 1e-6)


def _column(image: Tensor, low: float, high: float) -> Tensor:
    """Items of a batch below each other, (3, height, width) in [0, 1]; magenta where undefined."""
    tiles = image[:ITEMS].expand(-1, 3, -1, -1)
    shown = ((tiles - low) / (high - low)).clamp(0, 1)
    shown = torch.where(torch.isfinite(tiles), shown, UNDEFINED)
    size = max(TILE // max(tiles.shape[-2:]), 1)
    shown = shown.repeat_interleave(size, dim=2).repeat_interleave(size, dim=3)
    return torch.cat([torch.nn.functional.pad(s, (0, 0, 0, GAP), value=1.0) for s in shown], 1)[
        :, :-GAP
    ]
