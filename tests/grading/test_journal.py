"""The journal loses nothing and believes nothing that is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.grading.journal import NAME, Journal, JournalBusyError
from autograder.grading.run import Options, grade_class
from autograder.results import ExerciseResult, SubmissionResult
from tests.grading.classroom import lines_of, recorded, write_class


def result(student: str, score: float = 1.0) -> SubmissionResult:
    exercise = ExerciseResult("a1_1_forward", score, 5.0, "failed", None, "Text.", ())
    return SubmissionResult(student, "part_a", score, 5.0, "strict", 0.5, (exercise,), ())


def test_what_was_added_is_found_by_content_and_student(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("key", result("Zoë \u2028 [x]"))
    with Journal(tmp_path) as journal:
        assert journal.find("key", "Zoë \u2028 [x]", "part_a") == result("Zoë \u2028 [x]")
        assert journal.find("other", "Zoë \u2028 [x]", "part_a") is None
        assert journal.find("key", "Zoë", "part_a") is None
        assert journal.find("key", "Zoë \u2028 [x]", "part_b") is None


@pytest.mark.parametrize("kept", [0, 1, 15, 16, 17, 40, -2])
def test_a_line_that_was_cut_short_is_ignored_and_the_next_is_whole(
    tmp_path: Path, kept: int
) -> None:
    with Journal(tmp_path) as journal:
        journal.add("a", result("ada"))
        journal.add("b", result("bob"))
    path = tmp_path / NAME
    first, second, _ = path.read_bytes().split(b"\n")
    path.write_bytes(first + b"\n" + second[:kept])
    with Journal(tmp_path) as journal:
        assert journal.find("a", "ada", "part_a") is not None
        assert journal.find("b", "bob", "part_a") is None
        journal.add("c", result("carl"))
    with Journal(tmp_path) as journal:
        assert journal.find("a", "ada", "part_a") is not None
        assert journal.find("c", "carl", "part_a") is not None


@pytest.mark.parametrize("old", [b'"score":1', b"ada", b'["a"', b"part_a"])
def test_a_line_that_was_changed_is_ignored(tmp_path: Path, old: bytes) -> None:
    with Journal(tmp_path) as journal:
        journal.add("a", result("ada"))
    path = tmp_path / NAME
    data = path.read_bytes().replace(b'\\"', b"'")
    changed = data.replace(old, old[:-1] + b"9") if old in data else data
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    with Journal(tmp_path) as journal:
        assert journal.find("a", "ada", "part_a") is None


@pytest.mark.parametrize("garbage", [b"", b"\n\n", b"\xff\xfe\x00", b"x" * 10_000, b"[]\n{}\n"])
def test_garbage_is_ignored(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / NAME).write_bytes(garbage)
    with Journal(tmp_path) as journal:
        assert journal.known == {}
        journal.add("a", result("ada"))
    assert recorded(tmp_path) == ["ada"]


def test_fresh_forgets_but_keeps_what_is_written(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("a", result("ada", 1.0))
    with Journal(tmp_path, fresh=True) as journal:
        assert journal.find("a", "ada", "part_a") is None
        journal.add("a", result("ada", 2.0))
    with Journal(tmp_path) as journal:
        assert journal.find("a", "ada", "part_a") == result("ada", 2.0)
    assert recorded(tmp_path) == ["ada", "ada"]


def test_two_runs_cannot_write_into_one_folder(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(JournalBusyError, match="another run"), Journal(tmp_path):
        pass
    with Journal(tmp_path):
        pass


def test_a_result_is_on_the_disk_when_add_returns(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("a", result("ada"))
        assert recorded(tmp_path) == ["ada"]


@pytest.mark.slow
def test_a_changed_submission_and_fresh_are_graded_again(tmp_path: Path, manifest: Path) -> None:
    write_class(tmp_path / "submitted", {"ada": {}, "bob": {}}, manifest)
    options = Options(tmp_path / "submitted", tmp_path / "out", 1, manifest=manifest)
    assert grade_class(options).reused == 0
    notebook = tmp_path / "submitted" / "ada" / "part_a" / "part_a.ipynb"
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(text.replace("def forward(", "def backward("), encoding="utf-8")
    assert grade_class(options).reused == 1
    assert lines_of(tmp_path / "out")["ada"]["score"] < lines_of(tmp_path / "out")["bob"]["score"]
    again = Options(options.submitted, options.out, 1, fresh=True, manifest=manifest)
    assert grade_class(again).reused == 0
