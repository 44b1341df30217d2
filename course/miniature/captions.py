"""What the pictures are called: several captions for each, and the words that they take."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .pack import STYLE_WORDS

COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "light blue": (166, 214, 247),
    "blue": (45, 105, 210),
    "green": (50, 150, 70),
    "light green": (170, 225, 150),
    "yellow": (250, 215, 65),
    "orange": (245, 150, 50),
    "red": (215, 50, 50),
    "pink": (245, 165, 195),
    "purple": (135, 75, 180),
    "gray": (150, 150, 150),
    "black": (20, 20, 20),
    "brown": (125, 80, 50),
}
"""Colours that captions name, of backgrounds and of things."""

GENERIC = ("a high quality picture", "a picture", "an emoji", "a drawing", "a high quality emoji")
SIDES = ("and", "next to", "beside")
ABOVE = ("above", "on top of")

_KINDS = {
    "animal-": "an animal",
    "transport-": "a vehicle",
    "food-": "food",
    "plant-": "a plant",
    "place-": "a place",
    "face-": "a face",
    "cat-face": "a cat",
    "clothing": "clothing",
    "tool": "a tool",
    "sky-weather": "weather",
    "musical-instrument": "a musical instrument",
    "drink": "a drink",
    "sport": "sport",
    "person": "a person",
    "heart": "a heart",
    "geometric": "a shape",
    "activities": "an activity",
    "animals-nature": "nature",
    "food-drink": "food",
    "objects": "an object",
    "people-body": "people",
    "smileys-emotion": "an emotion",
    "symbols": "a symbol",
    "travel-places": "travel",
}


def words_of(text: str) -> list[str]:
    """Split a text into the words of the tokenizer."""
    return re.sub(r"[,\-:.]", " ", text.lower().replace("’", "'")).split()


def with_article(name: str) -> str:
    """Put `a` or `an` before a name."""
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def kind_of(row: dict[str, Any]) -> str:
    """What sort of thing a picture shows, such as `an animal`."""
    for start, kind in _KINDS.items():
        if row.get("subgroup", "").startswith(start) or row["group"] == start:
            return kind
    return "a picture"


def caption(row: dict[str, Any], colours: Sequence[str], draw: random.Random) -> str:
    """Draw a caption of a picture: most often its style and name, sometimes much less.

    Args:
        row: Style, name, group, subgroup and keywords.
        colours: Names of the picture's colours, most frequent first.
        draw: Source of the choice.
    """
    style, name = STYLE_WORDS[row["style"]], row["name"]
    keywords = row.get("keywords", ()) or (name,)
    few = draw.sample(list(keywords), min(draw.randint(1, 3), len(keywords)))
    seen = " and ".join(colours[: draw.randint(1, 2)]) or "white"
    forms = {
        f"a {style} of {with_article(name)}": 36,
        f"{style}, {name}": 9,
        with_article(name): 26,
        name: 5,
        f"a {style}, {', '.join(few)}": 3,
        ", ".join(few): 4,
        f"{with_article(seen)} {name}": 4,
        f"a {style} of {with_article(seen)} {name}": 2,
        f"a {style} of {kind_of(row)}": 1,
        kind_of(row): 2,
        f"a {style}": 3,
        draw.choice(GENERIC): 5,
    }
    chosen: str = draw.choices(list(forms), list(forms.values()))[0]
    return chosen


def vocabulary(rows: Iterable[dict[str, Any]]) -> list[str]:
    """All words of names, those of keywords that three things share, and the captions' own.

    Returns:
        The special tokens, then the words, sorted.
    """
    things = {row["name"]: row for row in rows}
    own = [*STYLE_WORDS.values(), *COLOURS, *GENERIC, *SIDES, *ABOVE, *_KINDS.values()]
    own += ["a an of on the background in with"]
    shared = Counter(
        word
        for row in things.values()
        for word in {word for key in row.get("keywords", ()) for word in words_of(key)}
    )
    known = {word for text in [*things, *own] for word in words_of(text)}
    known |= {word for word, count in shared.items() if count >= 3}
    return ["<pad>", "</s>", "<unk>", *sorted(known)]
