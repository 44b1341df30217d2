"""The result's line: the contract's form, strict reading, whole files."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.results import (
    CheckOutcome,
    ExerciseResult,
    ResultError,
    SubmissionResult,
    from_json_line,
    read_results,
    to_json_line,
    write_grades_csv,
    write_results,
)

FORWARD = ExerciseResult(
    id="a1_1_forward",
    score=2.0,
    max_score=5.0,
    status="failed",
    diagnosis="alpha-bar-without-root",
    message="The noise is too strong.",
    checks=(
        CheckOutcome("shape", 2.0, 2.0),
        CheckOutcome("noise", 0.0, 3.0, "The noise is too strong."),
    ),
)
RESULT = SubmissionResult(
    student="aria",
    assignment="part_a",
    score=2.5,
    max_score=5.0,
    isolation="process",
    seconds=1.9,
    exercises=(FORWARD, ExerciseResult("a1_2_classical", 0.5, 1.0, "passed")),
    repairs=("a1_1_forward: the last of 2 copies is taken (cell 7)",),
)


def test_line_has_the_contracts_keys_in_its_order() -> None:
    line = json.loads(to_json_line(RESULT))
    keys = ["student", "assignment", "score", "max_score", "isolation", "seconds", "exercises"]
    assert list(line)[:7] == keys
    exercise = line["exercises"][0]
    assert list(exercise)[:6] == ["id", "score", "max_score", "status", "diagnosis", "message"]
    assert exercise["diagnosis"] == "alpha-bar-without-root"
    assert line["exercises"][1]["diagnosis"] is None


def test_whole_numbers_are_written_as_ints() -> None:
    line = to_json_line(RESULT)
    assert '"score": 2.5, "max_score": 5,' in line
    assert '"id": "a1_1_forward", "score": 2, "max_score": 5,' in line


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.integers(0, 400).map(lambda tenth: tenth / 10))
def test_any_result_reads_back_from_one_physical_line(name: str, note: str, score: float) -> None:
    exercise = replace(FORWARD, message=note, score=score)
    result = replace(RESULT, student=name, score=score, exercises=(exercise,), repairs=(note,))
    line = to_json_line(result)
    assert len(f"x{line}x".splitlines()) == 1
    assert from_json_line(line.encode("utf-8").decode("utf-8")) == result


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "2"}, "result.score: expected a number, found str"),
        ({"score": True}, "result.score: expected a number, found bool"),
        ({"score": float("nan")}, "result.score: expected a finite number, found nan"),
        ({"student": None}, "result.student: expected a string, found NoneType"),
        ({"exercises": {}}, "result.exercises: expected a list, found dict"),
        ({"exercises": [3]}, "exercises[0]: expected an object, found int"),
        ({"repairs": [3]}, "result.repairs: expected strings only"),
        ({"grade": 1}, "result: unknown key 'grade'"),
    ],
)
def test_wrong_line_is_refused_by_place(change: dict[str, object], message: str) -> None:
    line = json.loads(to_json_line(RESULT)) | change
    with pytest.raises(ResultError) as caught:
        from_json_line(json.dumps(line))
    assert str(caught.value) == message


def test_missing_key_and_unknown_status_are_refused_by_name() -> None:
    line = json.loads(to_json_line(RESULT))
    line["exercises"][1]["status"] = "skipped"
    with pytest.raises(ResultError, match=r"exercises\[1\]\.status: 'skipped' is not one of"):
        from_json_line(json.dumps(line))
    del line["seconds"]
    line["exercises"] = []
    with pytest.raises(ResultError, match="the key 'seconds' is missing"):
        from_json_line(json.dumps(line))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ResultError):
        from_json_line(text)


def test_results_are_sorted_and_read_back(tmp_path: Path) -> None:
    results = [replace(RESULT, student=s, assignment=a) for s, a in ("bz", "bx", "ay")]
    path = write_results(tmp_path, results)
    read = read_results(path)
    assert [(r.student, r.assignment) for r in read] == [("a", "y"), ("b", "x"), ("b", "z")]
    assert [p.name for p in tmp_path.iterdir()] == ["results.jsonl"]


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_results(tmp_path, [RESULT])
    before = path.read_bytes()
    with pytest.raises(ResultError):
        write_results(tmp_path, [replace(RESULT, score=float("inf"))])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["results.jsonl"]


def test_broken_file_is_refused_by_line(tmp_path: Path) -> None:
    path = write_results(tmp_path, [RESULT])
    path.write_text(path.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    with pytest.raises(ResultError, match=r"results\.jsonl:2: result: the key"):
        read_results(path)


def test_grades_csv_has_a_column_per_exercise_and_no_formula(tmp_path: Path) -> None:
    other = replace(RESULT, student='=cmd|"x",\n', assignment="part_b", exercises=())
    path = write_grades_csv(tmp_path, [RESULT, other])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:4] == ["student", "assignment", "score", "max_score"]
    assert rows[0][4:] == ["a1_1_forward", "a1_2_classical"]
    assert rows[1] == ['\'=cmd|"x",\n', "part_b", "2.5", "5", "", ""]
    assert rows[2] == ["aria", "part_a", "2.5", "5", "2", "0.5"]


def test_name_that_is_not_utf8_survives_as_an_escape() -> None:
    result = replace(RESULT, student="bj\udcf6rn")
    line = to_json_line(result)
    assert line.isascii()
    assert from_json_line(line) == result
