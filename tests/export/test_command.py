"""`autograder export` as a user types it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder.cli import app
from autograder.export import FORMATS
from autograder.results import ExerciseResult, SubmissionResult, write_results

EXERCISE = ExerciseResult("a1_1_forward", 2, 5, "failed", None, "Too strong.")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """A folder as `autograder grade` leaves it."""
    folder = tmp_path / "graded"
    write_results(folder, [SubmissionResult("ada", "part_a", 2, 5, "strict", 1.5, (EXERCISE,))])
    return folder


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_is_written(graded: Path, tmp_path: Path, to: str) -> None:
    """Each format's files lie in the new folder and are named on standard output."""
    out = tmp_path / "exported"
    done = run(graded, "--to", to, "--out", out)
    assert done.exit_code == 0, done.output
    files = sorted(path for path in out.rglob("*") if path.is_file())
    assert files
    assert done.stdout.split() == [str(path) for path in files]


def test_the_file_itself_can_be_named(graded: Path, tmp_path: Path) -> None:
    """results.jsonl does in place of its folder."""
    out = tmp_path / "exported"
    done = run(graded / "results.jsonl", "--to", "gradescope", "--out", out)
    assert done.exit_code == 0, done.output
    assert json.loads((out / "gradescope/part_a/ada.json").read_text("utf-8"))["score"] == 2


def test_refusals_are_one_line_and_write_nothing(graded: Path, tmp_path: Path) -> None:
    """No results there, an unknown format, an output that exists: status 2, nothing is made."""
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine.txt").write_text("mine")
    out = tmp_path / "exported"
    empty = tmp_path / "empty"
    empty.mkdir()
    refusals = {
        "cannot be read": (empty, "--to", "csv", "--out", out),
        "unknown format 'pdf'": (graded, "--to", "pdf", "--out", out),
        "is not empty": (graded, "--to", "csv", "--out", used),
        "is a file": (graded, "--to", "csv", "--out", used / "mine.txt"),
    }
    for words, arguments in refusals.items():
        done = run(*arguments)
        assert done.exit_code == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not out.exists()
    assert [path.name for path in used.iterdir()] == ["mine.txt"]


def test_a_broken_line_is_named(graded: Path, tmp_path: Path) -> None:
    """A results file that was edited is refused with the line at fault."""
    with (graded / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    done = run(graded, "--to", "csv", "--out", tmp_path / "exported")
    assert done.exit_code == 2
    assert "results.jsonl:2" in done.stderr
