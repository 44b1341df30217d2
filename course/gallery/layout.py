"""Labelled grids that the kit's plots do not have."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.style
from kit import to_display
from kit.paths import STYLE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

LARGEST = 250_000
"""Bytes of a figure; a larger one is stored with 256 colours."""

WIDTH = 17
"""Letters in a line of a label."""


def wrapped(text: str, width: int = WIDTH) -> str:
    """Break a label into short lines."""
    return textwrap.fill(text, width)


def save_book(rows: Mapping[str, Sequence[tuple[str, Tensor]]], path: Path) -> None:
    """Write rows of pictures with a name for each row and one below each picture.

    Args:
        rows: From the name of each row to its pictures, (3, H, W) in [-1, 1], with their names.
        path: The figure's file.
    """
    columns = max(len(row) for row in rows.values())
    with matplotlib.style.context(STYLE):
        figure = Figure(figsize=(1.15 * columns + 1.2, 1.35 * len(rows)))
        FigureCanvasAgg(figure)
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for axes_row, (name, row) in zip(grid, rows.items(), strict=True):
            for axes in axes_row:
                axes.set(xticks=[], yticks=[])
                axes.grid(visible=False)
                axes.spines[:].set_visible(False)
            for axes, (label, picture) in zip(axes_row, row, strict=False):
                axes.imshow(to_display(picture))
                axes.set_xlabel(wrapped(label), labelpad=2)
            axes_row[0].set_ylabel(wrapped(name, 14), rotation=0, ha="right", va="center")
        figure.savefig(path)


def shrink(path: Path) -> None:
    """Store a PNG file with 256 colours if it is larger than `LARGEST`."""
    if path.stat().st_size <= LARGEST:
        return
    with Image.open(path) as image:
        colours = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(path, optimize=True)
