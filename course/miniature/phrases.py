"""Captions as tables of tokens on the GPU, put together there from parts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .captions import ABOVE, COLOURS, SIDES, caption, with_article
from .pack import STYLE_WORDS
from .text_encoder import END, PAD
from .tokenizer import LENGTH, Tokenizer

LONGEST = 20
"""Longest part of a caption, in tokens; what is longer is cut."""


@dataclass(frozen=True)
class Phrases:
    """Parts of captions.

    Attributes:
        ids: (N, 20) tokens, padded.
        lengths: (N,) tokens of each.
    """

    ids: Tensor
    lengths: Tensor

    def __getitem__(self, which: Tensor) -> Phrases:
        return Phrases(self.ids[which], self.lengths[which])

    def only(self, where: Tensor) -> Phrases:
        """The same parts, empty where a condition does not hold."""
        return Phrases(self.ids, self.lengths * where)


def join(parts: Sequence[Phrases]) -> Tensor:
    """Put parts one after another, then the end and padding.

    Args:
        parts: Parts of each caption of a batch, B each.

    Returns:
        (B, 77) tokens.
    """
    batch = len(parts[0].lengths)
    out = torch.full((batch, LENGTH + LONGEST), PAD, device=parts[0].ids.device)
    place = torch.zeros_like(parts[0].lengths)
    for part in parts:
        # Each part overwrites the padding of the one before it.
        columns = place[:, None] + torch.arange(LONGEST, device=out.device)
        out.scatter_(1, columns.clamp(max=LENGTH + LONGEST - 1), part.ids)
        place = (place + part.lengths).clamp(max=LENGTH - 1)
    out = torch.where(torch.arange(out.shape[1], device=out.device) < place[:, None], out, PAD)
    out.scatter_(1, place[:, None], END)
    return out[:, :LENGTH].contiguous()


@dataclass(frozen=True)
class Book:
    """All parts that captions are made of.

    Attributes:
        captions: `each` captions of every picture, one picture after another.
        each: Number of captions of a picture.
        names: `a NAME` of every picture.
        styles: `a STYLE of` of every picture.
        backgrounds: `on a COLOUR background` of every colour.
        sides: What joins two things beside each other.
        above: What joins two things above each other.
    """

    captions: Phrases
    each: int
    names: Phrases
    styles: Phrases
    backgrounds: Phrases
    sides: Phrases
    above: Phrases


def write_book(
    tokenizer: Tokenizer,
    rows: Sequence[dict[str, Any]],
    colours: Sequence[Sequence[str]],
    each: int,
    seed: int,
    device: torch.device | str,
) -> Book:
    """Write captions of all pictures.

    Args:
        tokenizer: Its words; a keyword that it lacks is left out.
        rows: What is known of each picture.
        colours: Colours of each picture.
        each: Captions of a picture.
        seed: Seed of the choice.
        device: Where the tables shall lie.
    """
    draw = random.Random(seed)

    def known(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "keywords": [word for word in row["keywords"] if tokenizer.knows(word)]}

    def table(texts: Iterable[str]) -> Phrases:
        ids = [tokenizer.ids(text)[:LONGEST] for text in texts]
        padded = [row + [PAD] * (LONGEST - len(row)) for row in ids]
        return Phrases(
            torch.tensor(padded, device=device), torch.tensor([len(i) for i in ids], device=device)
        )

    cleaned = [known(row) for row in rows]
    return Book(
        table(
            caption(r, c, draw) for r, c in zip(cleaned, colours, strict=True) for _ in range(each)
        ),
        each,
        table(with_article(row["name"]) for row in rows),
        table(f"a {STYLE_WORDS[row['style']]} of" for row in rows),
        table(f"on {with_article(colour)} background" for colour in COLOURS),
        table(SIDES),
        table(ABOVE),
    )
