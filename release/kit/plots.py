"""Figures of the course, all in the style of kit.mplstyle.

In a notebook a figure appears where it is made; elsewhere give `path` to write it to a file.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .errors import KitError
from .paths import STYLE
from .pictures import to_display

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Picture = Tensor | NDArray[np.floating]
SIGMAS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Noise levels of the figure of exercise B 1.2."""


def show_images(
    images: Tensor | Sequence[Picture],
    titles: Sequence[str] | None = None,
    *,
    columns: int = 6,
    path: str | Path | None = None,
) -> None:
    """Show pictures in a grid.

    Args:
        images: Pictures, (B, 3, H, W), or a list of (3, H, W) or (1, 3, H, W), in [-1, 1].
        titles: One title a picture.
        columns: Pictures in a row.
        path: Where to write the figure, if anywhere.

    Raises:
        KitError: If there is no picture, one has another shape, or the titles do not match.
    """
    pictures = _as_list(images)
    if titles is not None and len(titles) != len(pictures):
        raise KitError(f"show_images: {len(pictures)} pictures but {len(titles)} titles")
    columns = min(columns, len(pictures))
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    figure = _grid(rows, columns, title_rows=len(rows) if titles else 0)
    for axes, title in zip(figure.axes, titles or (), strict=False):
        axes.set_title(title)
    _emit(figure, path)


def show_rows(
    rows: Mapping[str, Tensor | Sequence[Picture]],
    titles: Sequence[str] | None = None,
    *,
    path: str | Path | None = None,
) -> None:
    """Show named rows of pictures, for comparisons.

    Args:
        rows: From the name of each row to its pictures, in [-1, 1], as in `show_images`.
        titles: One title a column.
        path: Where to write the figure, if anywhere.

    Raises:
        KitError: If a row is empty, a picture has another shape, or the titles are too many.
    """
    if not rows:
        raise KitError("show_rows: there is no row")
    lists = [_as_list(images) for images in rows.values()]
    columns = max(len(row) for row in lists)
    if titles is not None and len(titles) > columns:
        raise KitError(f"show_rows: {columns} columns but {len(titles)} titles")
    figure = _grid(lists, columns, title_rows=1 if titles else 0)
    for number, name in enumerate(rows):
        _name_row(figure.axes[number * columns], name)
    for axes, title in zip(figure.axes, titles or (), strict=False):
        axes.set_title(title)
    _emit(figure, path)


def show_digits(
    digits: Tensor,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 10,
    path: str | Path | None = None,
) -> None:
    """Show digits in a grid.

    Args:
        digits: Digits, (N, 1, 28, 28), in [0, 1]; what lies outside is clipped.
        titles: One title a digit.
        columns: Digits in a row.
        path: Where to write the figure, if anywhere.
    """
    show_images(2 * digits - 1, titles, columns=columns, path=path)


def show_noising(
    add_noise: Callable[[Tensor, float], Tensor],
    digits: Tensor,
    sigmas: Sequence[float] = SIGMAS,
    *,
    path: str | Path | None = None,
) -> None:
    """Show digits under growing noise, one digit a row.

    Args:
        add_noise: The exercise's function, from digits and sigma to noisy digits.
        digits: Digits, (N, 1, 28, 28), in [0, 1].
        sigmas: Standard deviations of the noise, one a column.
        path: Where to write the figure, if anywhere.
    """
    noisy = torch.stack([add_noise(digits, sigma) for sigma in sigmas], dim=1)
    rows = {f"digit {number + 1}": 2 * row - 1 for number, row in enumerate(noisy)}
    show_rows(rows, [f"σ = {sigma:g}" for sigma in sigmas], path=path)


def show_losses(
    losses: Mapping[str, Sequence[float]],
    *,
    xlabel: str = "batch",
    log: bool = True,
    path: str | Path | None = None,
) -> None:
    """Plot loss curves over one axis.

    Args:
        losses: From the name of each curve to its losses; a shorter curve is stretched to the
            length of the longest, so that a loss per epoch stands beside one per batch.
        xlabel: What the axis counts.
        log: Whether the losses' axis is logarithmic.
        path: Where to write the figure, if anywhere.

    Raises:
        KitError: If there is no curve, or one is empty.
    """
    if not losses or any(len(curve) == 0 for curve in losses.values()):
        raise KitError("show_losses: a curve has no losses; train first")
    longest = max(len(curve) for curve in losses.values())
    figure = _figure(6.0, 3.0)
    with _style():
        axes = figure.add_subplot()
        for name, curve in losses.items():
            step = longest / len(curve)
            at = [step * (number + 1) for number in range(len(curve))]
            axes.plot(at, list(curve), label=name, marker="o" if len(curve) <= 30 else "")
        axes.set(xlabel=xlabel, ylabel="loss", yscale="log" if log else "linear")
        axes.legend()
    _emit(figure, path)


def _as_list(images: Tensor | Sequence[Picture]) -> list[NDArray[np.float32]]:
    """Turn pictures into arrays that matplotlib draws, (H, W, C)."""
    batch = list(images) if not isinstance(images, Tensor) or images.dim() == 4 else [images]
    pictures = [to_display(image) for image in batch]
    if not pictures:
        raise KitError("there is no picture to show")
    for picture in pictures:
        if picture.ndim != 3:
            raise KitError("a list entry holds several pictures; give one picture an entry")
    return pictures


def _grid(
    rows: Sequence[Sequence[NDArray[np.float32]]], columns: int, *, title_rows: int
) -> Figure:
    """Draw rows of pictures without axes, with room for titles over some of the rows."""
    size = min(1.5, 11 / columns)
    figure = _figure(size * columns, size * len(rows) + 0.22 * title_rows)
    with _style():
        for number in range(len(rows) * columns):
            axes = figure.add_subplot(len(rows), columns, number + 1)
            axes.set_axis_off()
            row = rows[number // columns]
            if number % columns < len(row):
                axes.imshow(row[number % columns], vmin=0, vmax=1)
    return figure


def _name_row(axes: Any, name: str) -> None:
    """Write a row's name left of its first picture."""
    axes.set_axis_on()
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_ylabel(name, rotation=0, ha="right", va="center")


def _style() -> Any:
    import matplotlib.style

    return matplotlib.style.context(STYLE)


def _figure(width: float, height: float) -> Figure:
    """Make a figure that no window system knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(max(width, 1.5), math.ceil(height * 100) / 100))
    FigureCanvasAgg(figure)
    return figure


def _emit(figure: Figure, path: str | Path | None) -> None:
    """Write the figure, and show it where a notebook is running."""
    with _style():
        if path is not None:
            figure.savefig(path)
        try:
            from IPython import get_ipython
        except ImportError:
            return
        if get_ipython() is None:
            return
        from IPython import display

        png = io.BytesIO()
        figure.savefig(png, format="png")
        display.display(display.Image(data=png.getvalue()))  # type: ignore[no-untyped-call]
