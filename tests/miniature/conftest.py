"""What the miniature's tests share: a few drawn pictograms, and a tiny model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from kit import make_tiny_stage_1

from course.miniature.pack import SIZE, Pack

NAMES = ("rocket", "top hat", "pencil", "snowman", "campfire", "tractor", "tulip", "pizza")
STYLES = ("3d", "color", "mono")


def drawn_pack() -> Pack:
    """Discs that a small network tells apart: by colour, and solid, striped, or in squares."""
    stripes = torch.arange(SIZE) // 8 % 2
    fills = (
        torch.ones(SIZE, SIZE),
        stripes[:, None].expand(SIZE, SIZE),
        stripes[None].expand(SIZE, SIZE),
        stripes[:, None] ^ stripes[None],
    )
    middle = torch.arange(SIZE) - SIZE / 2
    disc = middle[:, None] ** 2 + middle[None] ** 2 < 24**2
    rows: list[dict[str, Any]] = []
    pictures = []
    for number, name in enumerate(NAMES):
        for shade, style in enumerate(STYLES):
            rgba = torch.zeros(4, SIZE, SIZE, dtype=torch.uint8)
            rgba[2 * (number % 2)] = 200 + 20 * shade
            rgba[3] = 255 * disc * fills[number // 2]
            rows.append({"index": len(rows), "style": style, "name": name, "group": "objects"})
            pictures.append(rgba)
    return Pack(torch.stack(pictures), tuple(rows))


@pytest.fixture(scope="session")
def pack() -> Pack:
    """Eight names in three styles."""
    return drawn_pack()


@pytest.fixture(scope="session")
def stage_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a tiny pipeline; not to be written to."""
    return make_tiny_stage_1(tmp_path_factory.mktemp("tiny") / "stage_1")
