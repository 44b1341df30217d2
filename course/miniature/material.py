"""What a run trains on: pictures and captions, batches to measure on, prompts of the strip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from . import group
from .captions import vocabulary, with_article
from .config import Config
from .pack import STYLE_WORDS, Pack, load_pack
from .phrases import write_book
from .scenes import Scenes, colours_of, plain
from .split import is_held_out
from .tokenizer import Tokenizer

STRIP = (
    "a 3d emoji of a rocket",
    "a flat emoji of a top hat",
    "a soft emoji of a snow-capped mountain",
    "a black icon of a skull",
    "a pencil",
    "a dog on a light blue background",
    "a campfire",
    "an old man",
    "a blob emoji of a cat face",
    "a birthday cake and a teapot",
    "a high quality picture",
    "an animal",
)
"""Prompts of the strip of samples."""


@dataclass
class Material:
    """What a run needs besides its model.

    Attributes:
        scenes: Source of the batches.
        tokenizer: The words.
        fixed: Pictures and captions by name, `held_out` and `trained`.
        strip_ids: Tokens of the strip's prompts, then of as many empty ones.
        generator: Source of all randomness of the run.
    """

    scenes: Scenes
    tokenizer: Tokenizer
    fixed: dict[str, tuple[Tensor, Tensor]]
    strip_ids: Tensor
    generator: torch.Generator


def gather(config: Config, source: Path | Pack, device: torch.device) -> Material:
    """Read the pictograms and prepare them on the device.

    Args:
        config: The configuration.
        source: The pictograms, or where they are.
        device: The device of the run.
    """
    pack = source if isinstance(source, Pack) else load_pack(source)
    tokenizer = Tokenizer(vocabulary(pack.rows))
    held = [is_held_out(row["style"], row["name"]) for row in pack.rows]
    kept = [number for number, out in enumerate(held) if not out]
    away = [number for number, out in enumerate(held) if out]
    rows = [pack.rows[number] for number in kept]
    rgba = pack.rgba[kept].to(device)
    seed = config.run.seed
    book = write_book(tokenizer, rows, colours_of(rgba), config.variety.captions, seed, device)
    generator = torch.Generator(device).manual_seed(seed + 1_000_003 * group.rank())
    stride = max(len(kept) // max(len(away), 1), 1)
    prompts = [*STRIP, *[""] * len(STRIP)]
    return Material(
        Scenes(rgba, rows, book, config.variety, generator),
        tokenizer,
        {
            name: _fixed(pack, which, tokenizer, device)
            for name, which in (("held_out", away), ("trained", kept[::stride][: len(away)]))
            if which
        },
        torch.tensor([tokenizer.padded(prompt) for prompt in prompts], device=device),
        generator,
    )


def _fixed(
    pack: Pack, which: list[int], tokenizer: Tokenizer, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Some pictures as they are, with style and name as captions."""
    captions = [f"a {STYLE_WORDS[pack.styles[n]]} of {with_article(pack.names[n])}" for n in which]
    ids = torch.tensor([tokenizer.padded(text) for text in captions], device=device)
    return plain(pack.rgba[which].to(device)), ids
