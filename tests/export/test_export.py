"""Every export is read again by a reader that knows nothing of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from autograder.export import FORMATS, ExportError, export, export_file
from autograder.export.github import reporter_result, step_summary
from autograder.export.gradescope import gradescope_result
from autograder.results import ExerciseResult, SubmissionResult, write_results
from tests.export.sample import EXERCISES, NAMES, submission
from tests.export.schemas import GITHUB_SCHEMA, GRADESCOPE_SCHEMA

jsonschema: Any = pytest.importorskip("jsonschema")


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
