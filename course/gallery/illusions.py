"""Figures of A 1.8 and A 1.9, pictures that are two things, and the prompt book."""

from __future__ import annotations

from pathlib import Path

import kit
import torchvision.transforms.functional as TF

from .choices import ANAGRAMS, HYBRIDS
from .layout import save_book
from .seeds import SEED
from .studio import Studio


def anagrams(studio: Studio, path: Path) -> None:
    """A 1.8: three anagrams, upright above and upside down below."""
    images = [studio.anagrams(upright, flipped, [seed]) for upright, flipped, seed in ANAGRAMS]
    titles = [f"{upright},\n{flipped}" for upright, flipped, _ in ANAGRAMS]
    rows = {"upright": images, "upside\ndown": [image.flip(dims=[2]) for image in images]}
    kit.show_rows(rows, titles, path=path)


def hybrids(studio: Studio, path: Path) -> None:
    """A 1.9: three hybrids from near, and from afar (blurred)."""
    images = [studio.hybrids(far, near, [seed]) for far, near, seed in HYBRIDS]
    titles = [f"{near},\nfar: {far}" for far, near, _ in HYBRIDS]
    blurred = [TF.gaussian_blur(image, [33, 33], [2.0, 2.0]) for image in images]
    kit.show_rows({"from near": images, "from afar": blurred}, titles, path=path)


def prompt_book(studio: Studio, path: Path) -> None:
    """Prompts that work well, one style a row."""
    prompts = kit.prompt_book()
    pictures = iter(studio.guided(prompts, [SEED] * len(prompts)))
    rows = {
        f"{style} …" if style else "(no style)": [(thing, next(pictures)) for thing in things]
        for style, things in kit.PROMPT_BOOK.items()
    }
    save_book(rows, path)
