"""Are samples copies? Their nearest training pictures, to be looked at and measured."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course.gallery.layout import save_book, shrink

from .captions import GENERIC
from .measures import Bench, on_white
from .names import SEED, draw_pairs
from .pack import STYLE_WORDS
from .split import is_held_out

PROMPTS = (*GENERIC, "a 3d emoji", "a soft emoji", "an animal", "food", "a person", "a vehicle")
"""Prompts without a thing, of which those are taken that the model knows."""

SHOWN = 8


def nearest(bench: Bench, figure: Path | None = None) -> dict[str, Any]:
    """Compare samples with all training pictures, on white, as they are and mirrored.

    The distance is that of pictures shrunk to 32 pixels, root mean square, 0 to 2. What it means is
    told by two others: from pictures that were held out to their nearest training pictures, and
    from samples of pairs of style and name that were trained on, which are the likeliest copies.

    Args:
        bench: Model, judges and pictograms.
        figure: Where to draw samples above their nearest training pictures.

    Returns:
        Median distances by kind of prompt.
    """
    number_of = range(len(bench.pack.names))
    held = [n for n in number_of if is_held_out(bench.pack.styles[n], bench.pack.names[n])]
    trained = sorted(set(number_of) - set(held))
    book = _shrunk(on_white(bench.pack, trained)).to(bench.painter.stage_1.unet.device)
    draw, count = random.Random(SEED + 5), bench.amount.copies
    kinds = {"generic": _generic(bench, count), "two objects": _two_objects(bench, count)}
    drawn = [draw.choice(trained) for _ in range(count)]
    kinds["style and name, trained on"] = [
        f"a {STYLE_WORDS[bench.pack.styles[n]]} of {bench.thing(bench.pack.names[n])}"
        for n in drawn
    ]
    found: dict[str, Any] = {}
    rows: dict[str, list[tuple[str, Tensor]]] = {}
    for kind, prompts in kinds.items():
        samples = bench.painter.guided(prompts, SEED)
        distances, places = _nearest(samples, book)
        found[kind] = _summary(distances)
        if kind != "style and name, trained on":
            rows[f"samples: {kind}"] = [*zip(prompts, samples[:SHOWN], strict=False)]
            rows[f"nearest to them: {kind}"] = _training_pictures(bench, trained, places[:SHOWN])
    if held:
        real, _ = _nearest(on_white(bench.pack, held), book)
        found["held-out pictures"] = _summary(real)
    if figure is not None:
        save_book(rows, figure)
        shrink(figure)
    return found


def _training_pictures(
    bench: Bench, trained: list[int], places: Tensor
) -> list[tuple[str, Tensor]]:
    chosen = [trained[place] for place in places.tolist()]
    titles = [f"{bench.pack.names[n]}, {STYLE_WORDS[bench.pack.styles[n]]}" for n in chosen]
    return [*zip(titles, on_white(bench.pack, chosen), strict=True)]


def _generic(bench: Bench, count: int) -> list[str]:
    usable = [prompt for prompt in PROMPTS if bench.knows(prompt)] or [""]
    return [usable[number % len(usable)] for number in range(count)]


def _two_objects(bench: Bench, count: int) -> list[str]:
    _, pairs = draw_pairs(bench.names, count)
    return [f"{bench.thing(first)} and {bench.thing(second)}" for first, second in pairs]


def _shrunk(images: Tensor) -> Tensor:
    return F.avg_pool2d(images, 2).flatten(1)


def _nearest(images: Tensor, book: Tensor) -> tuple[Tensor, Tensor]:
    """Root mean square distance to the nearest of the book, mirrored or not, and its place."""
    own = [_shrunk(view).to(book.device) for view in (images, images.flip(dims=[3]))]
    distances = torch.stack([torch.cdist(view, book) for view in own]).amin(0)
    nearest, places = distances.min(1)
    return nearest.cpu() / book.shape[1] ** 0.5, places.cpu()


def _summary(distances: Tensor) -> dict[str, float]:
    quantiles = torch.quantile(distances, torch.tensor([0.1, 0.5])).tolist()
    return {"tenth": round(quantiles[0], 3), "median": round(quantiles[1], 3)}
