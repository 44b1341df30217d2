"""Every export is read again by a reader that knows nothing of ours."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from autograder.export import FORMATS, ExportError, export, export_file
from autograder.export.github import reporter_result, step_summary
from autograder.export.gradescope import gradescope_result
from autograder.export.junit import junit_files
from autograder.results import CheckOutcome, ExerciseResult, SubmissionResult, write_results
from tests.export.schemas import GITHUB_SCHEMA, GRADESCOPE_SCHEMA

jsonschema: Any = pytest.importorskip("jsonschema")

CHECKS = (CheckOutcome("shape", 2, 2), CheckOutcome("noise", 0, 3, "Too strong."))
EXERCISES = (
    ExerciseResult("a1_1_forward", 2, 5, "failed", "alpha-bar-without-root", "Too strong.", CHECKS),
    ExerciseResult("a1_1_figure", 0, 3, "manual", None, "A picture is there."),
    ExerciseResult("a1_2_classical", 1.5, 1.5, "passed"),
    ExerciseResult("a1_3_one_step", 0, 4, "error", None, "NameError in line 2."),
    ExerciseResult("a1_4_iterative", 0, 6, "timeout", None, "Stopped after 60 s."),
    ExerciseResult("a1_5_sample", 0, 3, "missing", None, "No answer was found."),
)
NAMES = (
    "=1+2",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    'O\'Neil, "Bob"',
    "two\nlines",
    "李小龍",
    "עומר",
    "Ærø Ñandú",
    "<b>&amp;]]></b>",
    "| `a` | [x](https://example.org) @all",
    "bell\x07",
    "bj\udcf6rn",
    "bob",
    "Bob",
)


def submission(student: str = "bob", assignment: str = "part_a") -> SubmissionResult:
    return SubmissionResult(
        student=student,
        assignment=assignment,
        score=3.5,
        max_score=22.5,
        isolation="strict",
        seconds=1.25,
        exercises=EXERCISES,
        repairs=("a1_1_forward: 2 whole copies, the last is taken (cell 7)",),
    )


@pytest.fixture
def results() -> list[SubmissionResult]:
    return [submission(name) for name in NAMES] + [submission("bob", "part_b")]


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def guarded(name: str) -> str:
    """Gives a name as a spreadsheet may hold it."""
    name = name.encode("utf-8", "backslashreplace").decode()
    return f"'{name}" if name[0] in "=+-@\t" else name


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_keeps_every_student(
    tmp_path: Path, results: Sequence[SubmissionResult], to: str
) -> None:
    written = export(results, to, tmp_path)
    assert written == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    for path in written:
        path.read_text(encoding="utf-8")
        assert path.name.isascii()
    if to in ("gradescope", "github"):
        assert len(written) == len(results) * (2 if to == "github" else 1)


@pytest.mark.parametrize("to", FORMATS)
def test_order_of_results_makes_no_difference(
    tmp_path: Path, results: Sequence[SubmissionResult], to: str
) -> None:
    first = [p.read_bytes() for p in export(results, to, tmp_path / "a")]
    again = [p.read_bytes() for p in export(list(reversed(results)), to, tmp_path / "b")]
    assert first == again


@pytest.mark.parametrize("to", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(tmp_path: Path, results: Sequence[SubmissionResult], to: str) -> None:
    (path,) = export(results, to, tmp_path)
    rows = rows_of(path)
    assert len({len(row) for row in rows}) == 1
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t"))]


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


def test_gradescope_files_keep_to_the_schema_and_the_score(
    tmp_path: Path, results: Sequence[SubmissionResult]
) -> None:
    students = set()
    for path in export(results, "gradescope", tmp_path):
        data = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(data, GRADESCOPE_SCHEMA)
        assert sum(test["score"] for test in data["tests"]) == data["score"] == 3.5
        students.add((data["extra_data"]["student"], data["extra_data"]["assignment"]))
    assert students == {(r.student, r.assignment) for r in results}


def test_gradescope_shows_students_no_slug() -> None:
    data = gradescope_result(submission())
    shown = [{k: v for k, v in test.items() if k != "extra_data"} for test in data["tests"]]
    assert "alpha-bar-without-root" not in json.dumps(shown)
    assert [t["name"] for t in shown][:2] == ["a1_1_forward: shape", "a1_1_forward: noise"]
    assert [t["status"] for t in shown][:3] == ["passed", "failed", "passed"]


def test_github_reporter_reads_its_base64(
    tmp_path: Path, results: Sequence[SubmissionResult]
) -> None:
    paths = [p for p in export(results, "github", tmp_path) if p.suffix == ".b64"]
    for path in paths:
        data = json.loads(base64.b64decode(path.read_text(encoding="ascii"), validate=False))
        jsonschema.validate(data, GITHUB_SCHEMA)
        assert data["max_score"] == 19.5
        assert [t["status"] for t in data["tests"]] == ["fail", "pass", "error", "error", "fail"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["passed", "passed"], "pass"),
        (["passed", "failed"], "fail"),
        (["failed", "timeout"], "error"),
        (["passed", "missing"], "fail"),
        (["manual", "passed"], "pass"),
        ([], "error"),
    ],
)
def test_github_status_is_the_worst_of_all(statuses: list[Any], expected: str) -> None:
    exercises = tuple(ExerciseResult(f"e{i}", 0, 1, s) for i, s in enumerate(statuses))
    assert reporter_result(replace(submission(), exercises=exercises))["status"] == expected


def cells_of(markdown: str) -> list[str]:
    """Reads a Markdown table's cells, which may hold text only."""
    cells = []
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    for token in tokens:
        if token.type == "inline" and token.children is not None:
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special"}
            cells.append("".join(child.content for child in token.children))
    return cells


@settings(max_examples=80, deadline=None)
@given(st.text(min_size=1, max_size=30) | st.sampled_from(NAMES))
def test_step_summary_shows_any_message_as_text(message: str) -> None:
    exercise = replace(EXERCISES[0], message=message)
    text = step_summary(replace(submission(), exercises=(exercise,), repairs=()))
    cells = cells_of(text)
    assert cells[0] == "part_a: 3.5 of 22.5 points"
    shown = cells[5 + 3] if len(message.split()) else ""
    assert shown == " ".join(message.split()).replace("\0", "\ufffd")
    assert len(text.splitlines()) == len(
        step_summary(replace(submission(), exercises=EXERCISES[:1], repairs=())).splitlines()
    )


def test_junit_is_read_by_junitparser(tmp_path: Path, results: Sequence[SubmissionResult]) -> None:
    junitparser = pytest.importorskip("junitparser")
    (path,) = export(results, "junit", tmp_path)
    suites = list(junitparser.JUnitXml.fromfile(str(path)))
    assert len(suites) == len(results)
    bob = next(suite for suite in suites if suite.name == "part_a/bob")
    assert (bob.tests, bob.failures, bob.errors, bob.skipped, bob.time) == (6, 2, 2, 1, 1.25)
    kinds = [[type(entry).__name__ for entry in case.result] for case in bob]
    assert kinds == [["Failure"], ["Skipped"], [], ["Error"], ["Error"], ["Failure"]]
    first = next(iter(bob)).result[0]
    assert (first.type, first.message) == ("alpha-bar-without-root", "Too strong.")
    assert first.text == "2 of 5 points\nnoise: Too strong."


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_junit_is_well_formed_whatever_it_says(name: str, message: str) -> None:
    exercise = replace(EXERCISES[0], message=message)
    result = replace(submission(name), exercises=(exercise,), repairs=(message,))
    root = ET.fromstring(junit_files([result])["junit.xml"].encode("utf-8"))
    assert root.get("tests") == "1"
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    if message.isprintable():
        assert failure.get("message") == message


def test_unknown_format_and_doubled_result_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="unknown format 'excel': choose one of csv, gradescope"):
        export([submission()], "excel", tmp_path)
    with pytest.raises(ExportError, match="bob/part_a has two results"):
        export([submission(), submission()], "csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", FORMATS)
def test_empty_class_exports_without_a_student(tmp_path: Path, to: str) -> None:
    for path in export([], to, tmp_path):
        assert "bob" not in path.read_text(encoding="utf-8")


def test_results_file_exports_as_the_results_do(
    tmp_path: Path, results: Sequence[SubmissionResult]
) -> None:
    path = write_results(tmp_path, results)
    (direct,) = export(results, "moodle", tmp_path / "a")
    (read,) = export_file(path, "moodle", tmp_path / "b")
    assert direct.read_bytes() == read.read_bytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "cannot be read (No such file or directory): give the results.jsonl"),
        (b"\xff", "cannot be read (not UTF-8): give the results.jsonl"),
        (b"{}", "results.jsonl:1: result: the key 'exercises' is missing: grade the class again"),
    ],
)
def test_unreadable_results_are_refused_in_one_line(
    tmp_path: Path, data: bytes | None, message: str
) -> None:
    path = tmp_path / "results.jsonl"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ExportError) as caught:
        export_file(path, "csv", tmp_path / "out")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
