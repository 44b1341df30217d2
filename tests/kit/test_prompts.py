"""The prompt book."""

from __future__ import annotations

import warnings
from pathlib import Path

import kit
import numpy as np
from kit.paths import MINIATURE, PROMPT_BOOK_PICTURE
from kit.vocabulary import describe_unknown
from PIL import Image

FIGURES = Path(__file__).resolve().parents[2] / "course" / "figures" / "part_a"


def test_every_prompt_is_in_the_vocabulary() -> None:
    """The book has each prompt once, and the miniature has read every word of it."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(MINIATURE / "tokenizer")
    prompts = kit.prompt_book()
    assert len(set(prompts)) == len(prompts) >= 30
    assert [told for told in (describe_unknown(tokenizer, p) for p in prompts) if told] == []


def test_the_book_is_shown(tmp_path: Path) -> None:
    """The figure is the picture that ships."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kit.show_prompt_book(tmp_path / "book.png")
    shown, shipped = (
        np.asarray(Image.open(path).convert("L").resize((15, 35)), float).ravel()
        for path in (tmp_path / "book.png", PROMPT_BOOK_PICTURE)
    )
    assert np.corrcoef(shown, shipped)[0, 1] > 0.8


def test_the_kit_s_picture_is_the_gallery_s() -> None:
    """`course gallery` makes it; the kit has a copy."""
    assert PROMPT_BOOK_PICTURE.read_bytes() == (FIGURES / "prompt_book.png").read_bytes()
