"""What all exercises of a notebook may use together."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.grading.budget import Budget
from autograder.grading.run import Options, grade_class
from course.exercise import SubmissionLimits
from course.manifest import Limits
from tests.grading.classroom import EXERCISES, FORWARD, SOLVED, TIMESTEPS, lines_of, write_class


def test_an_exercise_gets_no_more_than_is_left() -> None:
    budget = Budget(SubmissionLimits(wall=100, cpu=10))
    assert budget.share(Limits(wall=60, cpu=15)) == Limits(wall=60, cpu=10)
    budget.spend(wall=70, cpu=8)
    assert budget.share(Limits(wall=60, cpu=15)) == Limits(wall=30, cpu=2)
    assert budget.exhausted is None


@pytest.mark.parametrize(
    ("wall", "cpu", "said"),
    [
        (99.5, 0, "Your notebook used the 100 seconds that all"),
        (0, 9.5, "Your notebook used the 10 seconds of processor time that all"),
        (200, 200, "Your notebook used the 100 seconds that all"),
    ],
)
def test_when_nothing_is_left_it_says_what_was_used(wall: float, cpu: float, said: str) -> None:
    budget = Budget(SubmissionLimits(wall=100, cpu=10))
    budget.spend(wall, cpu)
    assert budget.exhausted is not None
    assert budget.exhausted.startswith(said)


def test_exercises_beyond_the_budget_are_not_run(tmp_path: Path, manifest: Path) -> None:
    """One student burns the notebook's processor time in the first exercise; others are graded."""
    head = "[submission]\nlimits = { wall = 600, cpu = 3 }\n"
    text = manifest.read_text(encoding="utf-8").replace("cpu = 3 }", "cpu = 60 }")
    manifest.write_text(head + text, encoding="utf-8")
    burns = f"{SOLVED[FORWARD]}\nimport time\nwhile time.process_time() < 1000:\n    pass\n"
    students = {"ada": {FORWARD: burns}, "bob": {}}
    submitted = write_class(tmp_path / "submitted", students, manifest)
    grade_class(Options(submitted, tmp_path / "out", 1, manifest=manifest))
    lines = lines_of(tmp_path / "out")
    first, _, last = lines["ada"]["exercises"]
    assert (first["status"], first["limit"], first["score"]) == ("timeout", "cpu", 0)
    assert first["message"] == "Your code used more than 3 seconds of processor time."
    assert (last["status"], last["limit"], last["score"]) == ("timeout", "submission", 0)
    assert last["message"].startswith("Your notebook used the 3 seconds of processor time")
    assert last["device"] is None
    assert lines["bob"]["score"] == EXERCISES[FORWARD].points + EXERCISES[TIMESTEPS].points
