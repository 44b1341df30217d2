"""What a graded class looks like: the contract of results.jsonl, and that runs agree."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.run import grade_class
from autograder.sandbox import best_level
from tests.grading.classroom import (
    EXERCISES,
    FIGURE,
    FORWARD,
    IDS,
    MISTAKE,
    TIMESTEPS,
    lines_of,
    recorded,
)
from tests.grading.conftest import STUDENTS, Graded

KEYS = {"student", "assignment", "score", "max_score", "isolation", "seconds", "exercises"}
EXERCISE_KEYS = {"id", "score", "max_score", "status", "diagnosis", "message"}
STATUSES = {"passed", "failed", "missing", "error", "timeout", "manual"}
FULL = EXERCISES[FORWARD].points


def exercise(graded: Graded, student: str, key: str) -> Any:
    found = lines_of(graded.out)[student]["exercises"]
    return next(entry for entry in found if entry["id"] == key)


def test_every_submission_has_a_line_with_every_exercise(graded: Graded) -> None:
    lines = lines_of(graded.out)
    assert set(lines) == {*STUDENTS, "two", "cut"}
    for line in lines.values():
        assert set(line) >= KEYS
        assert line["assignment"] == "part_a"
        assert line["isolation"] == best_level()
        assert tuple(entry["id"] for entry in line["exercises"]) == IDS
        for entry in line["exercises"]:
            assert set(entry) >= EXERCISE_KEYS
            assert entry["status"] in STATUSES
            assert 0 <= entry["score"] <= entry["max_score"]
        assert line["score"] == sum(entry["score"] for entry in line["exercises"])
        assert line["max_score"] == sum(entry["max_score"] for entry in line["exercises"])


@pytest.mark.parametrize(
    ("student", "key", "status"),
    [
        ("ada", FORWARD, "passed"),
        ("ada", TIMESTEPS, "passed"),
        ("ada", FIGURE, "manual"),
        ("bob", FORWARD, "failed"),
        ("bob", TIMESTEPS, "passed"),
        ("carl", FORWARD, "error"),
        ("carl", TIMESTEPS, "passed"),
        ("dora", FORWARD, "passed"),
        ("dora", TIMESTEPS, "timeout"),
        ("emil", FORWARD, "missing"),
        ("emil", TIMESTEPS, "missing"),
        ("fred", FORWARD, "error"),
        ("gina", FORWARD, "failed"),
        ("O'Hara, Zoë", FORWARD, "error"),
        ("two", FORWARD, "missing"),
        ("cut", FIGURE, "manual"),
    ],
)
def test_each_answer_gets_the_status_that_it_deserves(
    graded: Graded, student: str, key: str, status: str
) -> None:
    entry = exercise(graded, student, key)
    assert entry["status"] == status
    assert (entry["score"] == entry["max_score"]) == (status == "passed")
    assert bool(entry["message"]) == (status != "passed")


def test_a_known_mistake_is_named(graded: Graded) -> None:
    entry = exercise(graded, "bob", FORWARD)
    assert entry["diagnosis"] == MISTAKE.slug
    assert entry["message"].startswith(f"{MISTAKE.says} {MISTAKE.hint}")
    assert 0 < entry["score"] < FULL


def test_notebooks_that_cannot_be_read_say_why(graded: Graded) -> None:
    two, cut = (exercise(graded, name, FORWARD)["message"] for name in ("two", "cut"))
    assert "2 notebooks (a.ipynb, b.ipynb)" in two
    assert "part_a.ipynb" in cut
    assert sorted(note.partition(":")[0] for note in graded.report.notes) == ["cut", "two"]
    assert graded.report.failed == []


def test_no_file_holds_text_that_an_answer_chose(graded: Graded) -> None:
    for path in (path for path in graded.out.rglob("*") if path.is_file()):
        assert b"0.123" not in path.read_bytes()
    assert exercise(graded, "fred", FORWARD)["message"].startswith(
        "Your code raised ValueError at line 2"
    )


def test_the_table_of_grades_agrees(graded: Graded) -> None:
    lines = lines_of(graded.out)
    with (graded.out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["student"] for row in rows} == set(lines)
    for row in rows:
        line = lines[row["student"]]
        assert float(row["score"]) == line["score"]
        assert {key: float(row[key]) for key in IDS} == {
            entry["id"]: entry["score"] for entry in line["exercises"]
        }


def test_grading_again_gives_the_same_but_for_seconds(graded: Graded, tmp_path: Path) -> None:
    report = grade_class(graded.options(tmp_path / "again"))
    first, again = lines_of(graded.out), lines_of(tmp_path / "again")
    for line in (*first.values(), *again.values()):
        line["seconds"] = 0
        for entry in line["exercises"]:
            entry["seconds"] = 0
    assert first == again
    assert list(first) == list(again) == sorted(first)
    assert report.reused == 0


def test_an_unchanged_class_is_not_graded_twice(graded: Graded) -> None:
    before = (graded.out / "results.jsonl").read_bytes()
    steps: list[tuple[int, int]] = []
    report = grade_class(graded.options(graded.out), lambda *step: steps.append(step))
    assert report.reused == len(STUDENTS)
    assert (graded.out / "results.jsonl").read_bytes() == before
    assert sorted(recorded(graded.out)) == sorted(STUDENTS)
    assert steps == [(len(STUDENTS) + 2,) * 2]


def test_every_line_is_json_of_its_own(graded: Graded) -> None:
    text = (graded.out / "results.jsonl").read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert all(isinstance(json.loads(line), dict) for line in text.split("\n")[:-1])
