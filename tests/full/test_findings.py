"""What a training gave: in results.jsonl, in points, and on pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.findings import Finding, line
from autograder.full.tier import confirmed
from autograder.report import ReportMeta, write_report
from autograder.results import (
    CheckOutcome,
    ExerciseResult,
    ResultError,
    SubmissionResult,
    from_json_line,
    to_json_line,
)

CHECKS = (CheckOutcome("losses", 1, 1), CheckOutcome("learns", 2, 2))
TRAIN = ExerciseResult("b2_5_train", 3, 3, "passed", checks=CHECKS)
SAMPLE = ExerciseResult("b2_5_sample", 0, 2, "failed", message="Wrong.")
GOOD = Finding("b2_5_train", "learns", "passed", {"class": 0.0229, "right": 1.0}, seconds=91.5)
POOR = Finding("b2_5_train", "learns", "failed", {"class": 0.31}, "It is 0.31.", 80.0, 2060, ("x",))


def result(*found: Finding) -> SubmissionResult:
    exercises = confirmed((TRAIN, SAMPLE), found)
    score = sum(exercise.score for exercise in exercises)
    one = SubmissionResult("ada", "part_b", score, 5, "strict", 99.0, exercises)
    return replace(one, tier="full", trainings=found)


@pytest.mark.parametrize("found", [(), (GOOD,), (POOR, replace(GOOD, status="skipped"))])
def test_a_line_keeps_tier_and_trainings(found: tuple[Finding, ...]) -> None:
    assert from_json_line(to_json_line(result(*found))) == result(*found)


def test_a_line_of_before_is_of_the_quick_tier() -> None:
    text = to_json_line(replace(result(), tier="quick"))
    before = text.replace(', "tier": "quick", "trainings": []', "")
    assert before != text
    assert from_json_line(before) == replace(result(), tier="quick")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"status": "failed", "values"', '"status": "good", "values"', "'good' is not one of"),
        ('{"class": 0.31}', '{"class": "low"}', "values.class: expected a number"),
        ('"standins": ["x"]', '"standins": [1]', "standins: expected strings only"),
        ('"vram_mib": 2060', '"vram": 2060', "vram_mib' is missing"),
    ],
)
def test_a_wrong_training_in_a_line_is_refused(old: str, new: str, told: str) -> None:
    text = to_json_line(result(POOR))
    assert old in text
    with pytest.raises(ResultError, match=told):
        from_json_line(text.replace(old, new))


def test_a_poor_training_takes_the_points_of_its_check_only() -> None:
    train, sample = result(POOR).exercises
    assert (train.score, train.status, train.message) == (1, "failed", "It is 0.31.")
    assert [(c.name, c.score, c.message) for c in train.checks] == [
        ("losses", 1, ""),
        ("learns", 0, "It is 0.31."),
    ]
    assert sample == SAMPLE


@pytest.mark.parametrize("status", ["passed", "skipped"])
def test_a_training_that_passes_or_was_not_run_takes_nothing(status: str) -> None:
    assert result(replace(POOR, status=status)).exercises == (TRAIN, SAMPLE)


def test_a_good_training_gives_nothing_that_the_quick_tier_did_not() -> None:
    finding = Finding("b2_5_sample", "guidance", "passed")
    assert result(finding).exercises == (TRAIN, SAMPLE)
    assert confirmed((SAMPLE,), (replace(finding, status="failed"),)) == (SAMPLE,)


def test_a_timeout_is_told_as_one() -> None:
    train, _ = result(replace(POOR, status="timeout", message="no answer within 600 s")).exercises
    assert (train.status, train.message) == ("timeout", "no answer within 600 s")


def test_pages_say_what_trainings_gave(tmp_path: Path) -> None:
    write_report(tmp_path, [result(POOR)], meta=ReportMeta())
    told = line(POOR)
    assert "mean squared error of the noise 0.3100" in told
    assert "stood in for x" in told
    pages = [p.read_text(encoding="utf-8") for p in sorted(tmp_path.rglob("*.html"))]
    assert len(pages) == 2
    assert all(told in page for page in pages)
