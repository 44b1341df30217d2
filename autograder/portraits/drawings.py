"""Drawings made of formulas: a house, a sun over the sea, and digits of a few strokes."""

from __future__ import annotations

import torch
from torch import Tensor

SIZE, DIGIT = 64, 28
# Strokes of digits, from (x, y) to (x, y), in pixels of 28.
STROKES = {
    0: ((9, 7, 18, 7), (18, 7, 18, 21), (18, 21, 9, 21), (9, 21, 9, 7)),
    1: ((10, 10, 14, 6), (14, 6, 14, 22)),
    4: ((15, 6, 7, 16), (7, 16, 20, 16), (16, 11, 16, 22)),
    7: ((8, 7, 19, 7), (19, 7, 12, 22)),
}


def house() -> Tensor:
    """A house with a red roof on a meadow, (1, 3, 64, 64) in [-1, 1]."""
    y, x = _grid(SIZE)
    picture = _filled(SIZE, (0.55, 0.75, 0.95))
    _paint(picture, y > 50, (0.35, 0.65, 0.3))
    _paint(picture, (x > 16) & (x < 48) & (y > 30) & (y < 54), (0.95, 0.85, 0.6))
    _paint(picture, (y > 12) & (y <= 30) & ((x - 32).abs() < (y - 11)), (0.75, 0.2, 0.15))
    _paint(picture, (x > 28) & (x < 37) & (y > 40) & (y < 54), (0.4, 0.25, 0.15))
    _paint(picture, (x > 19) & (x < 26) & (y > 35) & (y < 42), (0.3, 0.45, 0.7))
    return picture[None] * 2 - 1


def sun() -> Tensor:
    """A sun over the sea, (1, 3, 64, 64) in [-1, 1]."""
    y, x = _grid(SIZE)
    picture = _filled(SIZE, (0.98, 0.7, 0.5))
    _paint(picture, (x - 42) ** 2 + (y - 20) ** 2 < 120, (1.0, 0.95, 0.4))
    _paint(picture, y > 38 + 1.5 * torch.sin(x / 3), (0.1, 0.3, 0.6))
    return picture[None] * 2 - 1


def digit(number: int) -> Tensor:
    """One of the digits of `STROKES`, (1, 1, 28, 28) in [0, 1]."""
    y, x = _grid(DIGIT)
    distance = torch.stack([_distance(x, y, *stroke) for stroke in STROKES[number]]).amin(0)
    return (2.2 - distance).clamp(0, 1)[None, None]


def _grid(size: int) -> tuple[Tensor, Tensor]:
    steps = torch.arange(size, dtype=torch.float32)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return y, x


def _filled(size: int, colour: tuple[float, float, float]) -> Tensor:
    return torch.tensor(colour)[:, None, None].repeat(1, size, size)


def _paint(picture: Tensor, where: Tensor, colour: tuple[float, float, float]) -> None:
    picture[:, where] = torch.tensor(colour)[:, None]


def _distance(x: Tensor, y: Tensor, x0: float, y0: float, x1: float, y1: float) -> Tensor:
    along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
    along = along.clamp(0, 1)
    return ((x - x0 - along * (x1 - x0)) ** 2 + (y - y0 - along * (y1 - y0)) ** 2).sqrt()
