"""Figures of A 1.7: pictures edited as a whole, within a mask, and towards a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import kit
import torch
from torch import Tensor

from solutions.editing import inpaint, sdedit

from .choices import FILLED, GENERIC, TARGET
from .layout import wrapped
from .seeds import SEED, PictureSeeds
from .studio import LEVELS, SCALE, Studio, drawn_rocket, luck

TRIES = 3


def translation(studio: Studio, path: Path) -> None:
    """A 1.7: a drawing, a silhouette and a photograph at all levels of noise."""
    names = {"house (drawn)": "draw_house", "horse": "horse_silhouette", "rocket (photo)": "rocket"}
    _edits(studio, {name: studio.load(file) for name, file in names.items()}, GENERIC, path)


def own_pictures(studio: Studio, path: Path) -> None:
    """A 1.7.1: a picture from the web and two drawings."""
    pictures = {
        "astronaut\n(photo)": studio.load("astronaut"),
        "fish (drawn)": studio.load("draw_fish"),
        "rocket (drawn\nin code)": studio.place(drawn_rocket()),
    }
    _edits(studio, pictures, GENERIC, path)


def towards_prompt(studio: Studio, path: Path) -> None:
    """A 1.7.3: three pictures on their way to a prompt."""
    names = {"house": "draw_house", "fish": "draw_fish", "cat (photo)": "chelsea_cat"}
    _edits(studio, {name: studio.load(file) for name, file in names.items()}, TARGET, path)


def inpainting(studio: Studio, path: Path) -> None:
    """A 1.7.2: three pictures, their masks, and three tries at the hole."""
    rows = {}
    for file, mask, prompt in FILLED:
        image, mask = studio.load(file), studio.place(mask)
        with PictureSeeds(luck(TRIES)):
            tries = inpaint(
                studio.stage_1,
                image.expand(TRIES, -1, -1, -1),
                mask,
                studio.embed(prompt),
                studio.embed(""),
                studio.timesteps,
                SCALE,
            )
        rows[wrapped(prompt)] = [image, 2 * mask - 1, image * (1 - mask), *tries]
    titles = ["original", "mask", "kept", *(f"try {number + 1}" for number in range(TRIES))]
    kit.show_rows(rows, titles, path=path)


def _edits(studio: Studio, pictures: Mapping[str, Tensor], prompt: str, path: Path) -> None:
    """Edit pictures towards a prompt at all levels, one picture a row, the picture itself last."""
    images = torch.cat(list(pictures.values()))
    columns = []
    for i_start in LEVELS:
        with PictureSeeds([SEED] * len(images)):
            edits = sdedit(
                studio.stage_1,
                images,
                i_start,
                studio.embed(prompt),
                studio.embed(""),
                studio.timesteps,
                SCALE,
            )
        columns.append(edits)
    rows = {
        name: [*(edits[number] for edits in columns), images[number]]
        for number, name in enumerate(pictures)
    }
    kit.show_rows(rows, [*(f"i_start = {i}" for i in LEVELS), "original"], path=path)
