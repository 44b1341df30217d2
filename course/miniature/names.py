"""Names and prompts that a model is measured on; drawn with a seed that training does not use."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from kit.vocabulary import describe_unknown

from .captions import with_article

SEED = 271828
"""Seed of the evaluation's draws."""


def known(stage_1: Any, names: Sequence[str]) -> list[str]:
    """The names of which the model's tokenizer knows every word, sorted, each once."""
    tokenizer = stage_1.tokenizer
    return [name for name in sorted(set(names)) if not describe_unknown(tokenizer, name)]


def thing(stage_1: Any, name: str) -> str:
    """A name with its article: `an` only for a model that has read it."""
    told = with_article(name)
    if told.startswith("an ") and describe_unknown(stage_1.tokenizer, "an"):
        return f"a {name}"
    return told


def draw_sets(names: Sequence[str], sets: int, size: int) -> list[list[str]]:
    """Sets of different names; a set is smaller if there are not that many."""
    draw = random.Random(SEED)
    return [draw.sample(list(names), min(size, len(names))) for _ in range(sets)]


def draw_pairs(
    names: Sequence[str], count: int, among: int = 100
) -> tuple[list[str], list[tuple[str, str]]]:
    """A set of names and pairs of different ones of it.

    Returns:
        The set, and the pairs.
    """
    draw = random.Random(SEED + 1)
    chosen = draw.sample(list(names), min(among, len(names)))
    pairs = []
    for _ in range(count):
        first, second = draw.sample(chosen, 2)
        pairs.append((first, second))
    return chosen, pairs
