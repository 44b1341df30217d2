"""What `kit.check` shows, and that it lets a notebook run on."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch
from kit import CheckTable, KitError, check
from kit.checks.registry import visible
from kit.checks.table import Row
from torch import Tensor
from tqdm import tqdm


def statuses(table: CheckTable) -> list[str]:
    return [row.status for row in table.rows]


def test_an_unknown_exercise_lists_the_known_ones() -> None:
    with pytest.raises(
        KitError, match=r"no exercise 'a1_1'; there are a1_1_forward, .*b2_5_sample"
    ):
        check("a1_1", print)


@pytest.mark.parametrize("objects", [(), (print, print)])
def test_a_wrong_call_shows_the_right_one(objects: tuple[Any, ...]) -> None:
    """Without raising: the cell below still runs."""
    table = check("a1_6_cfg", *objects[:1])
    assert statuses(table) == ["error"]
    assert 'kit.check("a1_6_cfg", cfg_noise, iterative_denoise_cfg)' in table.rows[0].message


def test_an_exception_is_one_line_with_its_place() -> None:
    """Type, text, line and function, of the student's code and not of torch's."""

    def forward(im: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
        return im @ torch.zeros(3, 3)

    table = check("a1_1_forward", forward)
    line = forward.__code__.co_firstlineno + 1
    assert set(statuses(table)) == {"error"}
    message = table.rows[0].message
    assert message.startswith("RuntimeError: ")
    assert f"(line {line} of " in message
    assert message.endswith("forward)")
    assert "\n" not in message


@pytest.mark.parametrize("error", [SystemExit(3), KeyError("betas"), AssertionError()])
def test_nothing_that_is_raised_gets_out(error: BaseException) -> None:
    def ddpm_schedule(*_: object) -> None:
        raise error

    table = check("b2_2_schedule", ddpm_schedule)
    assert set(statuses(table)) == {"error"}
    assert table.rows[0].message.startswith(type(error).__name__)


def test_an_interrupt_gets_out() -> None:
    """A student must be able to stop an endless loop."""

    def ddpm_schedule(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("b2_2_schedule", ddpm_schedule)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "is the return missing?"),
        (np.zeros((2, 64, 64, 3)), "has shape (2, 64, 64, 3); expected (2, 3, 64, 64)"),
        ("image", "the result is a str, not a tensor"),
        (torch.zeros(2, 6, 64, 64), r"has shape (2, 6, 64, 64); expected (2, 3, 64, 64)"),
        (torch.full((2, 3, 64, 64), torch.nan), "no numbers"),
    ],
    ids=["none", "numpy", "string", "shape", "nan"],
)
def test_results_that_are_no_image_are_explained(result: Any, message: str) -> None:
    table = check("a1_1_forward", lambda *_: result)
    assert table.rows[0].status == "failed"
    assert message in table.rows[0].message


def test_the_random_state_is_left_alone() -> None:
    """Running a check in between does not change a notebook's samples."""
    torch.manual_seed(1)
    wanted = torch.rand(2)
    torch.manual_seed(1)
    check("b1_2_noise", lambda x, sigma: x + sigma * torch.randn_like(x))
    assert torch.equal(torch.rand(2), wanted)


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto", "tqdm.notebook"])
def test_an_answers_progress_bars_are_not_shown(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check trains a little network, several times; afterwards bars are shown again."""
    bars = importlib.import_module(module)

    def add_noise(x: Tensor, sigma: float) -> Tensor:
        for _ in bars.tqdm(range(2), desc="noise"):
            print("told")
        return x + sigma * torch.randn_like(x)

    assert check("b1_2_noise", add_noise).passed
    out, err = capsys.readouterr()
    assert "told" in out
    assert "noise" not in out + err
    for _ in tqdm(range(2), desc="noise"):
        pass
    assert "noise" in capsys.readouterr().err


def test_a_check_is_the_same_each_time() -> None:
    def add_noise(x: Tensor, sigma: float) -> Tensor:
        return x + 1.3 * sigma * torch.randn_like(x)

    assert check("b1_2_noise", add_noise) == check("b1_2_noise", add_noise)


TABLE = CheckTable("b2", (Row("shape", "passed"), Row("mean", "failed", "off by <0.3> & more")))


def test_the_text_is_an_aligned_table() -> None:
    assert repr(TABLE).splitlines() == [
        "b2: 1 of 2 visible checks passed",
        "  passed  shape",
        "  failed  mean   off by <0.3> & more",
    ]
    assert not TABLE.passed


def test_the_html_is_escaped() -> None:
    html = TABLE._repr_html_()
    assert "off by &lt;0.3&gt; &amp; more" in html
    assert html.count("<tr>") == 2


def test_a_check_is_registered_once_and_for_a_known_exercise() -> None:
    with pytest.raises(ValueError, match="unknown exercise"):
        visible("c1", "shape")
    with pytest.raises(ValueError, match="has a check 'shape' already"):
        visible("a1_1_forward", "shape")
