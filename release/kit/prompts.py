"""The prompt book: what the miniature draws well, with a picture of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from .paths import PROMPT_BOOK_PICTURE

PROMPT_BOOK: Mapping[str, tuple[str, ...]] = {
    "a 3d emoji of": ("a rocket", "a top hat", "a hamburger", "a penguin"),
    "a glossy emoji of": ("a guitar", "a strawberry", "a trophy", "a parrot"),
    "a flat emoji of": ("a sailboat", "a cactus", "a camera", "a mushroom"),
    "a soft emoji of": ("a fox", "a koala", "a crab", "a castle"),
    "a simple emoji of": ("a tulip", "a pizza", "a helicopter", "a teapot"),
    "a bold emoji of": ("a lion", "a bicycle", "a key", "a snowman"),
    "a blob emoji of": ("a cat face", "a ghost", "a panda", "a frog"),
    "a sketchy emoji of": ("a bell", "a violin", "a wine glass", "a rose"),
    "a black icon of": ("a skull", "a spider", "a snail", "a palm tree"),
    "": (
        "a giraffe",
        "a sunflower on a blue background",
        "a cat face on a light blue background",
        "a butterfly on a pink background",
    ),
}
"""Things by the style that goes before them; the last row names no style."""


def prompt_book() -> list[str]:
    """Return the prompts of the book, such as `a 3d emoji of a rocket`, row by row."""
    return [f"{style} {thing}".strip() for style, things in PROMPT_BOOK.items() for thing in things]


def show_prompt_book(path: str | Path | None = None) -> None:
    """Show the book: the miniature's picture of each prompt, at guidance 7 and the course's seed.

    Args:
        path: Where to write the figure, if anywhere.
    """
    from .plots import _emit, _figure

    with Image.open(PROMPT_BOOK_PICTURE) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    figure = _figure(pixels.shape[1] / 150, pixels.shape[0] / 150)
    axes = figure.subplots()
    axes.imshow(pixels)
    axes.set_axis_off()
    _emit(figure, path)
