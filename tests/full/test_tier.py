"""Whose fault a poor training is, and what is trained at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.full.pieces import RUNS
from autograder.full.presets import Preset
from autograder.full.tier import Handed, due, training
from autograder.results import CheckOutcome, ExerciseResult
from autograder.subject import LocalSubject

Answers = Mapping[str, str | None]
RUN = RUNS["denoiser"]


def handed(answers: Answers, folder: Path, failed: str = "") -> Handed:
    """A submission that the quick tier is content with, but for one exercise."""
    checks = (CheckOutcome("learns", 2, 2),)
    results = {
        key: ExerciseResult(key, 2, 2, "failed" if key == failed else "passed", checks=checks)
        for key in answers
    }
    return Handed("ada", folder / "part_b.ipynb", answers, results)


def test_another_answer_that_fails_in_training_takes_no_points(
    tmp_path: Path, preset: Preset, answers: Answers
) -> None:
    noise = "def add_noise(x, sigma):\n    raise ValueError\n"
    found = training(handed({**answers, "b1_2_noise": noise}, tmp_path), RUN, preset, LocalSubject)
    assert [f.status for f in found] == ["passed"]
    assert set(found[0].standins) == {"b1_1_unet", "b1_2_noise"}
    assert "This passes beside the grader's own" in found[0].message
    assert "raised ValueError" in found[0].message


def test_the_own_answer_that_fails_is_told(
    tmp_path: Path, preset: Preset, answers: Answers
) -> None:
    wrong = "def train_denoiser(*_):\n    raise ValueError\n"
    found = training(handed({**answers, "b1_2_train": wrong}, tmp_path), RUN, preset, LocalSubject)
    assert [(f.status, f.standins) for f in found] == [("error", ())]


def test_a_broken_answer_is_replaced_at_once(
    tmp_path: Path, preset: Preset, answers: Answers
) -> None:
    found = training(handed(answers, tmp_path, "b1_1_blocks"), RUN, preset, LocalSubject)
    assert [(f.status, f.standins, f.message) for f in found] == [("passed", ("b1_1_unet",), "")]


@pytest.mark.parametrize(("check", "wanted"), [("learns", True), ("losses", False)])
def test_only_what_the_quick_tier_passes_is_trained(
    check: str, wanted: bool, tmp_path: Path
) -> None:
    result = ExerciseResult(
        "b1_2_train", 2, 3, "failed", checks=(CheckOutcome(check, 2, 2), CheckOutcome("x", 0, 1))
    )
    submitted = Handed("ada", tmp_path, {}, {"b1_2_train": result})
    assert due(submitted, RUN) is wanted
    assert not due(submitted, RUNS["class"])
