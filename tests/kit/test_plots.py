"""Figures: they are written, they hold what they should, and they leave matplotlib alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import torch
from kit import (
    SIGMAS,
    KitError,
    plots,
    show_digits,
    show_images,
    show_losses,
    show_noising,
    show_rows,
)
from PIL import Image

BATCH = torch.linspace(-1, 1, 4 * 3 * 8 * 8).reshape(4, 3, 8, 8)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that the functions under test make."""
    made: list[Any] = []
    monkeypatch.setattr(plots, "_emit", lambda figure, path: made.append(figure))
    return made


def test_figures_are_written_to_a_path(tmp_path: Path) -> None:
    """As a picture of some size with more than one colour."""
    show_images(BATCH, path=tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as image:
        assert image.width > 300
        assert len(image.convert("L").getcolors() or range(257)) > 20


def test_a_grid_has_an_image_for_each_picture(figures: list[Any]) -> None:
    show_images(list(BATCH), ["a", "b", "c", "d"], columns=3)
    axes = figures[0].axes
    assert [len(a.images) for a in axes] == [1, 1, 1, 1, 0, 0]
    assert [a.get_title() for a in axes[:4]] == ["a", "b", "c", "d"]
    assert (axes[0].images[0].norm.vmin, axes[0].images[0].norm.vmax) == (0, 1)


def test_rows_are_named_and_may_differ_in_length(figures: list[Any]) -> None:
    show_rows({"noisy": BATCH[:3], "clean": [BATCH[0]]}, ["t = 250", "t = 500"])
    axes = figures[0].axes
    assert [len(a.images) for a in axes] == [1, 1, 1, 1, 0, 0]
    assert (axes[0].get_ylabel(), axes[3].get_ylabel()) == ("noisy", "clean")


def test_digits_are_shown_in_their_range(figures: list[Any]) -> None:
    """0 is black and 1 is white, although the model of Part A has another range."""
    show_digits(torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 1, 28, 28))
    shown = [a.images[0].get_array() for a in figures[0].axes]
    assert (shown[0].max(), shown[1].min()) == (0, 1)


def test_the_noising_figure_asks_for_each_level(figures: list[Any]) -> None:
    asked: list[float] = []

    def add_noise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        asked.append(sigma)
        return x

    show_noising(add_noise, torch.rand(2, 1, 28, 28))
    assert tuple(asked) == SIGMAS
    assert len(figures[0].axes) == 2 * len(SIGMAS)


def test_losses_share_an_axis(figures: list[Any]) -> None:
    """A loss per epoch is stretched over the batches."""
    show_losses({"train": [1.0] * 100, "test": [0.5, 0.2]})
    lines = figures[0].axes[0].lines
    assert list(lines[1].get_xdata()) == [50, 100]
    assert figures[0].axes[0].get_yscale() == "log"


def test_the_style_stays_in_the_figure(tmp_path: Path) -> None:
    """A student's own figures look as before."""
    before = dict(mpl.rcParams)
    show_losses({"train": [1.0, 0.5]}, path=tmp_path / "losses.png")
    assert dict(mpl.rcParams) == before


def test_a_notebook_displays_the_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where IPython runs, the picture is sent to it, once."""
    import IPython
    from IPython import display

    sent: list[Any] = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(display, "display", sent.append)
    show_images(BATCH)
    assert len(sent) == 1
    assert sent[0].data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: show_images([]), "no picture"),
        (lambda: show_images(BATCH, ["one"]), "4 pictures but 1 titles"),
        (lambda: show_images([BATCH]), "give one picture an entry"),
        (lambda: show_rows({}), "no row"),
        (lambda: show_rows({"a": BATCH[:1]}, ["one", "two"]), "1 columns but 2 titles"),
        (lambda: show_losses({}), "no losses"),
        (lambda: show_losses({"train": []}), "train first"),
    ],
)
def test_nothing_to_show_is_an_error(call: Any, message: str) -> None:
    with pytest.raises(KitError, match=message):
        call()
