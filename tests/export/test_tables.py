"""Tables are read again by the csv module, and no cell of theirs is a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from autograder.export import export
from autograder.results import SubmissionResult
from tests.export.sample import EXERCISES, NAMES


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def guarded(name: str) -> str:
    """Gives a name as a spreadsheet may hold it."""
    name = name.encode("utf-8", "backslashreplace").decode()
    return f"'{name}" if name[0] in "=+-@\t＝" else name


@pytest.mark.parametrize("to", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(tmp_path: Path, results: Sequence[SubmissionResult], to: str) -> None:
    (path,) = export(results, to, tmp_path)
    rows = rows_of(path)
    assert len({len(row) for row in rows}) == 1
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t", "＝"))]


def test_csv_has_a_row_for_each_exercise(
    tmp_path: Path, results: Sequence[SubmissionResult]
) -> None:
    header, *rows = rows_of(export(results, "csv", tmp_path)[0])
    assert len(rows) == len(results) * len(EXERCISES)
    assert {row[0] for row in rows} == {guarded(name) for name in NAMES}
    row = dict(zip(header, next(r for r in rows if r[0] == "bob"), strict=True))
    assert row == {
        "student": "bob",
        "assignment": "part_a",
        "exercise": "a1_1_forward",
        "status": "failed",
        "score": "2",
        "max_score": "5",
        "diagnosis": "alpha-bar-without-root",
        "message": "Too strong.",
    }


def test_canvas_has_its_columns_and_points_possible(
    tmp_path: Path, results: Sequence[SubmissionResult]
) -> None:
    header, possible, *rows = rows_of(export(results, "canvas", tmp_path)[0])
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert header[5:] == ["part_a", "part_b"]
    assert possible == ["    Points Possible", "", "", "", "", "22.5", "22.5"]
    grades = {row[3]: row[5:] for row in rows}
    assert grades["bob"] == ["3.5", "3.5"]
    assert grades["Bob"] == ["3.5", ""]
    assert set(grades) == {guarded(name) for name in NAMES}


def test_moodle_has_a_grade_and_feedback_for_each_assignment(
    tmp_path: Path, results: Sequence[SubmissionResult]
) -> None:
    header, *rows = rows_of(export(results, "moodle", tmp_path)[0])
    assert header == ["username", "part_a", "part_a feedback", "part_b", "part_b feedback"]
    row = next(row for row in rows if row[0] == "Bob")
    assert (row[1], row[3], row[4]) == ("3.5", "", "")
    assert row[2].splitlines()[0] == "a1_1_forward (2 of 5): Too strong."
    assert "a1_2_classical" not in row[2]
