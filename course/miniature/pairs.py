"""Pairs and seeds for anagrams and hybrids that the judges find good: how the gallery's were found.

First one picture of every pair of many names; then the best pairs with eight seeds, with the noise
of the gallery, so that its command draws the very same pictures.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course.gallery.layout import save_book, shrink
from course.gallery.seeds import SEED, PictureSeeds
from solutions.illusions import make_hybrids, visual_anagrams

from .judge import look, low_pass
from .measures import Bench
from .painter import SCALE, Pair

KINDS: dict[str, Callable[..., Tensor]] = {"anagrams": visual_anagrams, "hybrids": make_hybrids}

NAMES = (
    "alien", "avocado", "balloon", "bear", "bell", "birthday cake", "bouquet", "bus",
    "butterfly", "cactus", "camping", "castle", "cat face", "cherries", "coconut", "cookie",
    "crab", "crown", "cupcake", "dog face", "dress", "egg", "elephant", "fire", "fish", "fox",
    "frog", "ghost", "guitar", "hamburger", "horse face", "hot beverage", "jack-o-lantern",
    "key", "koala", "lady beetle", "lemon", "light bulb", "lion", "maple leaf", "mouse face",
    "mushroom", "octopus", "old man", "onion", "owl", "palm tree", "panda", "pear",
    "pencil", "penguin", "pig face", "pineapple", "pizza", "rabbit face", "robot", "rocket",
    "rose", "Santa Claus", "shark", "skull", "snail", "snow-capped mountain", "snowman",
    "soccer ball", "red apple", "tangerine",
    "spider", "strawberry", "sun", "sunflower", "t-shirt", "tent", "teapot",
    "tiger face", "top hat",
    "trophy", "tulip", "turtle", "umbrella", "unicorn", "violin", "volcano", "water wave",
    "watermelon", "whale", "wine glass", "woman's hat",
)  # fmt: skip
"""Names that everybody knows the look of."""


@dataclass(frozen=True)
class Found:
    """A pair with a seed, and what the judges say: the less certain of the two views."""

    pair: Pair
    seed: int
    score: float


def find_pairs(
    bench: Bench,
    kind: str,
    names: Sequence[str] = NAMES,
    *,
    most: int = 1600,
    kept: int = 24,
    tries: int = 8,
) -> tuple[list[Found], Tensor]:
    """Search the pairs of names that make good anagrams or hybrids.

    Args:
        bench: Model and judges.
        kind: One of `KINDS`.
        names: Names to pair; those are left out that model or judges do not know.
        most: Largest number of pairs; they are drawn by lot if there are more.
        kept: Pairs that are drawn with several seeds; each name is in at most three.
        tries: Seeds of these pairs, from the course's on.

    Returns:
        For each pair that was kept its best seed, best pair first, and the pictures.
    """
    usable = [name for name in names if name in bench.names]
    order = itertools.combinations if kind == "anagrams" else itertools.permutations
    pairs = list(order(usable, 2))
    pairs = random.Random(SEED).sample(pairs, min(most, len(pairs)))
    draw = bench.painter.anagrams if kind == "anagrams" else bench.painter.hybrids
    prompts = [(bench.thing(first), bench.thing(second)) for first, second in pairs]
    scores = _scores(bench, kind, draw(prompts, SEED), pairs)
    bench.say(f"{kind}: {len(pairs)} pairs, {int((scores > 0.5).sum())} of them above one half")
    best: list[Pair] = []
    uses: Counter[str] = Counter()
    for number in scores.argsort(descending=True).tolist():
        if max(uses[name] for name in pairs[number]) < 3 and len(best) < kept:
            best.append(pairs[number])
            uses.update(pairs[number])
    found, pictures = [], []
    for pair in best:
        seeds = [SEED + number for number in range(tries)]
        images = _draw(bench, kind, pair, seeds)
        chances = _scores(bench, kind, images, [pair] * tries)
        place = int(chances.argmax())
        found.append(Found(pair, seeds[place], round(float(chances[place]), 3)))
        pictures.append(images[place])
    ranking = sorted(range(len(found)), key=lambda number: -found[number].score)
    return [found[n] for n in ranking], torch.stack([pictures[n] for n in ranking])


def write_pairs(found: Sequence[Found], pictures: Tensor, kind: str, out: Path) -> None:
    """Write the pairs as `KIND.json` and `KIND.png`: each picture, and its other view below."""
    out.mkdir(parents=True, exist_ok=True)
    told: list[dict[str, Any]] = [
        {"pair": f.pair, "seed": f.seed - SEED, "score": f.score} for f in found
    ]
    (out / f"{kind}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    other = pictures.flip(dims=[2]) if kind == "anagrams" else low_pass(pictures)
    rows: dict[str, list[tuple[str, Tensor]]] = {}
    for start in range(0, len(found), 8):
        chunk = range(start, min(start + 8, len(found)))
        first, second = (1, 0) if kind == "hybrids" else (0, 1)  # near above, far below
        rows[f"{start + 1} …"] = [
            (f"{found[n].pair[first]} {found[n].score:.2f} +{found[n].seed - SEED}", pictures[n])
            for n in chunk
        ]
        rows[f"other view {start + 1} …"] = [(found[n].pair[second], other[n]) for n in chunk]
    save_book(rows, out / f"{kind}.png")
    shrink(out / f"{kind}.png")


def _draw(bench: Bench, kind: str, pair: Pair, seeds: Sequence[int]) -> Tensor:
    """Draw as the gallery does, (number of seeds, 3, 64, 64) on the CPU."""
    painter = bench.painter
    embeds = tuple(painter.embed([bench.thing(name)]) for name in pair)
    with PictureSeeds(seeds) as drawn:
        noise = drawn.noise(3, 64, 64).to(painter.stage_1.unet.device)
        images = KINDS[kind](
            painter.stage_1, noise, 0, embeds, painter.embed([""]), painter.timesteps, SCALE
        )
    return images.float().cpu().clamp(-1, 1)


def _scores(bench: Bench, kind: str, images: Tensor, pairs: Sequence[Pair]) -> Tensor:
    """Probability, among all names, of the less certain of the two views, (N,)."""
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    if kind == "anagrams":
        views = look(bench.full, images), look(bench.full, images.flip(dims=[2]))
    else:
        views = look(bench.full, low_pass(images)), look(bench.near, images)
    return torch.minimum(views[0].probability(first), views[1].probability(second))
