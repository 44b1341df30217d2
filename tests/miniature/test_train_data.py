"""What the miniature trains on: scenes, captions, words, the split."""

from __future__ import annotations

import random

import pytest
import torch

from course.miniature.captions import COLOURS, caption, vocabulary, with_article, words_of
from course.miniature.pack import STYLE_WORDS, Pack
from course.miniature.phrases import Phrases, join, write_book
from course.miniature.scenes import Scenes, Variety, colours_of, plain
from course.miniature.split import is_held_out
from course.miniature.text_encoder import END, PAD
from course.miniature.tokenizer import LENGTH, Tokenizer

STILL = Variety((1.0, 1.0), 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 4)
"""No variety at all: the pictures as they are, on white."""


def scenes_of(pack: Pack, variety: Variety, *, sided: bool = True) -> tuple[Scenes, Tokenizer]:
    rows = [{"keywords": ["thing"], **row} for row in pack.rows]
    for row in rows:
        row["name"] = f"{row['name']} left" if sided else row["name"]  # sided: never mirrored
    tokenizer = Tokenizer(vocabulary(rows))
    colours = colours_of(pack.rgba)
    book = write_book(tokenizer, rows, colours, variety.captions, 1, "cpu")
    generator = torch.Generator().manual_seed(3)
    return Scenes(pack.rgba, rows, book, variety, generator), tokenizer


def text_of(tokenizer: Tokenizer, ids: torch.Tensor) -> str:
    return " ".join(tokenizer.words[number] for number in ids.tolist() if number > END)


def test_without_variety_scenes_are_the_pictures_on_white(pack: Pack) -> None:
    scenes, _ = scenes_of(pack, STILL)
    x, ids = scenes.draw(12)
    assert x.shape == (12, 3, 64, 64)
    assert ids.shape == (12, LENGTH)
    known = plain(pack.rgba)
    for picture in x:
        assert (known - picture).abs().amax((1, 2, 3)).min() < 1e-3


def test_variety_moves_and_colours_but_stays_in_range(pack: Pack) -> None:
    scenes, _ = scenes_of(pack, Variety(pairs=0.3, white=0.2))
    x, _ = scenes.draw(64)
    assert x.min() >= -1
    assert x.max() <= 1
    known = plain(pack.rgba)
    assert all((known - picture).abs().amax((1, 2, 3)).min() > 0.1 for picture in x)


def test_mirroring_spares_what_has_sides(pack: Pack) -> None:
    scenes, _ = scenes_of(pack, STILL, sided=False)
    known = torch.cat([plain(pack.rgba), plain(pack.rgba).flip(3)])
    x, _ = scenes.draw(40)
    nearest = torch.stack([(known - p).abs().amax((1, 2, 3)) for p in x]).min(1)
    assert nearest.values.max() < 1e-3
    mirrored = int((nearest.indices >= len(pack.rows)).sum())
    assert 8 < mirrored < 32


def test_the_background_is_the_colour_that_the_caption_tells(pack: Pack) -> None:
    variety = Variety((0.5, 0.5), 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 4)
    scenes, tokenizer = scenes_of(pack, variety)
    x, ids = scenes.draw(24)
    told = 0
    for picture, row in zip(x, ids, strict=True):
        text = text_of(tokenizer, row)
        colour = text.removesuffix(" background").rpartition("on a")[2].partition(" ")[2]
        if colour in COLOURS and colour != "white":
            told += 1
            wanted = torch.tensor(COLOURS[colour]) / 127.5 - 1
            assert (picture[:, 0, 0] - wanted).abs().max() < 0.3
    assert told > 18


def test_pairs_name_both_things_and_dropped_captions_are_empty(pack: Pack) -> None:
    variety = Variety(pairs=1.0, white=1.0)
    scenes, tokenizer = scenes_of(pack, variety)
    _, ids = scenes.draw(16)
    for row in ids:
        text = f" {text_of(tokenizer, row)} "
        assert sum(
            f" {joint} " in text for joint in ("and", "next to", "beside", "above", "on top of")
        )
        assert text.count(" left ") == 2
    scenes, _ = scenes_of(pack, Variety(pairs=0.0, dropped=1.0))
    _, ids = scenes.draw(4)
    assert torch.equal(ids[:, 0], torch.full((4,), END))
    assert bool((ids[:, 1:] == PAD).all())


def test_joining_skips_empty_parts_and_ends_once() -> None:
    parts = Phrases(torch.arange(10, 50).view(2, 20), torch.tensor([2, 0]))
    joined = join([parts, parts.only(torch.tensor([False, True])), parts])
    assert joined[0, :6].tolist() == [10, 11, 10, 11, END, PAD]
    assert joined[1, :2].tolist() == [END, PAD]
    full = Phrases(torch.full((1, 20), 9), torch.tensor([20]))
    assert join([full] * 5)[0].tolist() == [9] * 76 + [END]


def test_captions_take_many_forms_of_known_words() -> None:
    row = {
        "style": "noto",
        "name": "owl",
        "group": "animals-nature",
        "subgroup": "animal-bird",
        "keywords": ["bird", "wise"],
    }
    tokenizer = Tokenizer(vocabulary([row, {**row, "name": "a"}, {**row, "name": "b"}]))
    drawn = {caption(row, ["brown"], random.Random(seed)) for seed in range(400)}
    expected = {"a soft emoji of an owl", "an owl", "owl", "an animal", "a high quality picture"}
    assert expected <= drawn
    assert all(tokenizer.knows(text) for text in drawn)


def test_words_are_split_as_the_tokenizer_does() -> None:
    assert words_of("T-Rex: a woman’s Hat, Mrs. X") == [
        "t",
        "rex",
        "a",
        "woman's",
        "hat",
        "mrs",
        "x",
    ]
    assert with_article("apple") == "an apple"
    assert with_article("Santa Claus") == "a Santa Claus"


@pytest.mark.parametrize("style", list(STYLE_WORDS))
def test_the_split_is_stable_small_and_keeps_twins_together(style: str) -> None:
    names = [f"thing {number}" for number in range(2000)]
    held = [is_held_out(style, name) for name in names]
    assert 0.02 < sum(held) / len(held) < 0.06
    if style == "color":
        assert held == [is_held_out("3d", name) for name in names]


def test_colours_are_named_by_what_covers_most() -> None:
    rgba = torch.zeros(2, 4, 64, 64, dtype=torch.uint8)
    rgba[0, 0, :48], rgba[0, 3, :60] = 215, 255
    rgba[1, :3], rgba[1, 3] = 255, 255
    assert colours_of(rgba) == [["red", "black"], ["white"]]
