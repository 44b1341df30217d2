"""Pictures: opening, preparing, showing, masking and drawing them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kit import (
    KitError,
    Stroke,
    check_mask,
    disc_mask,
    drawing,
    load_image,
    picture_names,
    process_pil_im,
    rectangle_mask,
    to_display,
)
from kit.paths import IMAGES
from PIL import Image


@pytest.mark.parametrize("name", picture_names())
def test_every_shipped_picture_becomes_an_input(name: str) -> None:
    """Opened by name, it fills the model's range and shape."""
    x = process_pil_im(load_image(name))
    assert x.shape == (1, 3, 64, 64)
    assert x.dtype == torch.float32
    assert -1 <= float(x.min()) < -0.3
    assert 0.3 < float(x.max()) <= 1


def test_shipped_pictures_have_licences_that_allow_it() -> None:
    """Only public domain, CC0 and our own drawings; every file is listed."""
    rows = json.loads((IMAGES / "licences.json").read_text(encoding="utf-8"))
    for row in rows:
        assert "CC0" in row["licence"] or "public domain" in row["licence"]
    files = {path.name for path in IMAGES.iterdir()} - {"licences.json"}
    assert files == {row["file"] for row in rows}
    assert sum(row["kind"] == "drawing" for row in rows) == 5


def test_a_picture_of_one_s_own_is_opened_by_path(tmp_path: Path) -> None:
    Image.new("L", (100, 70), 255).save(tmp_path / "own.png")
    x = process_pil_im(load_image(tmp_path / "own.png"))
    torch.testing.assert_close(x, torch.ones(1, 3, 64, 64))


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    """Not black, which would frame a cut-out object."""
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert load_image(tmp_path / "clear.png").getpixel((5, 5)) == (255, 255, 255)


def test_the_centre_is_cut_out() -> None:
    """Of a wide picture the middle square is kept."""
    image = Image.new("RGB", (192, 64), "black")
    image.paste((255, 255, 255), (64, 0, 128, 64))
    assert float(process_pil_im(image)[..., 4:-4].min()) == pytest.approx(1)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KitError, match=r"no file 'cat'.*astronaut.*rocket"):
        load_image("cat")


@pytest.mark.parametrize("damage", ["text", "cut"])
def test_a_damaged_picture_is_named(tmp_path: Path, damage: str) -> None:
    whole = (IMAGES / "astronaut.jpg").read_bytes()
    file = tmp_path / "broken.jpg"
    file.write_bytes(b"no picture" if damage == "text" else whole[: len(whole) // 2])
    with pytest.raises(KitError, match=r"broken\.jpg cannot be read as a picture"):
        load_image(file)


def test_a_mode_without_a_range_is_refused() -> None:
    with pytest.raises(KitError, match="mode F"):
        process_pil_im(Image.new("F", (64, 64)))


def test_a_path_in_place_of_a_picture_is_explained() -> None:
    with pytest.raises(KitError, match=r"got a str.*kit\.load_image"):
        process_pil_im("astronaut")  # type: ignore[arg-type]


def test_a_picture_of_few_pixels_is_refused() -> None:
    with pytest.raises(KitError, match="5x300 pixels are too few"):
        process_pil_im(Image.new("RGB", (5, 300)))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [((1, 3, 8, 6), (8, 6, 3)), ((2, 3, 8, 6), (2, 8, 6, 3)), ((1, 8, 6), (8, 6, 1))],
)
def test_display_moves_channels_and_range(given: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """-1, 0 and 1 become 0, 0.5 and 1; what lies outside is clipped."""
    for value, shown in ((-3.0, 0.0), (-1.0, 0.0), (0.0, 0.5), (1.0, 1.0), (2.0, 1.0)):
        array = to_display(torch.full(given, value, dtype=torch.float16))
        assert array.shape == wanted
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, shown)


@pytest.mark.parametrize("shape", [(64, 64), (1, 6, 64, 64), (64, 64, 3)])
def test_display_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(KitError, match="is neither"):
        to_display(torch.zeros(shape))


def test_display_refuses_nan() -> None:
    with pytest.raises(KitError, match="no numbers"):
        to_display(torch.full((3, 4, 4), float("nan")))


def test_the_default_mask_is_that_of_the_assignment() -> None:
    """Rows 2 to 19, columns 24 to 41, in all channels."""
    mask = rectangle_mask()
    assert mask.shape == (1, 3, 64, 64)
    assert float(mask.sum()) == 3 * 18 * 18
    assert float(mask[:, :, 2:20, 24:42].min()) == 1


@pytest.mark.parametrize("edges", [(5, 5, 0, 9), (-1, 5, 0, 9), (0, 65, 0, 9), (0, 5, 9, 3)])
def test_rectangles_stay_within_the_picture(edges: tuple[int, int, int, int]) -> None:
    with pytest.raises(KitError, match="are no rectangle"):
        rectangle_mask(*edges)


def test_a_disc_has_its_area() -> None:
    assert float(disc_mask(radius=16)[0, 0].sum()) == pytest.approx(torch.pi * 16**2, rel=0.02)
    with pytest.raises(KitError, match="no pixel"):
        disc_mask(row=-50, radius=3)


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (1, 1, 64, 64), (64, 64), (1, 64, 64)])
def test_masks_that_broadcast_fit(shape: tuple[int, ...]) -> None:
    check_mask(torch.ones(shape), torch.zeros(2, 3, 64, 64))


@pytest.mark.parametrize("shape", [(1, 3, 32, 64), (3, 1, 64, 64), (1, 1, 3, 64, 64)])
def test_masks_of_another_size_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(KitError, match="does not fit"):
        check_mask(torch.ones(shape), torch.zeros(2, 3, 64, 64))


def test_masks_are_zero_or_one() -> None:
    with pytest.raises(KitError, match="only zeros"):
        check_mask(torch.full((1, 1, 64, 64), 0.5), torch.zeros(1, 3, 64, 64))


def test_strokes_are_drawn_where_they_are_asked() -> None:
    """A filled triangle and a line over it, on white paper."""
    image = drawing(
        [
            Stroke([(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)], colour="red", fill=True),
            Stroke([(0.5, 0.2), (0.5, 0.6)], colour="#0000ff", width=0.1),
        ]
    )
    assert image.size == (256, 256)
    assert image.getpixel((128, 100)) == (0, 0, 255)
    assert image.getpixel((70, 40)) == (255, 0, 0)
    assert image.getpixel((10, 250)) == (255, 255, 255)
    assert process_pil_im(image).shape == (1, 3, 64, 64)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "there is no stroke"),
        ([Stroke([])], "stroke 1 needs points"),
        ([Stroke([(0, 0), (1, 1)], fill=True)], "three points"),
        ([Stroke([(0, 0)]), Stroke([(0, 1.5)])], "stroke 2 leaves the paper"),
        ([Stroke([(0, 0)], colour="reddish")], "unknown colour 'reddish'"),
    ],
)
def test_strokes_that_cannot_be_drawn_are_named(strokes: Any, message: str) -> None:
    with pytest.raises(KitError, match=message):
        drawing(strokes)
