"""What cannot be graded: one clear line, exit status 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder.cli import app
from autograder.grading.journal import Journal
from autograder.sandbox import detect
from tests.grading.classroom import write_class


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["grade", *map(str, arguments)])


def refused(result: Result, *words: str) -> None:
    """One line of reason, and no table."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    for word in words:
        assert word in line


@pytest.fixture
def submitted(tmp_path: Path, manifest: Path) -> Path:
    """One student's submission, which these runs never come to grade."""
    return write_class(tmp_path / "submitted", {"ada": {}}, manifest)


def test_a_missing_folder(tmp_path: Path) -> None:
    refused(run(tmp_path / "nowhere", "--out", tmp_path / "out"), "nowhere", "is not there")
    assert not (tmp_path / "out").exists()


def test_a_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(run(tmp_path / "file", "--out", tmp_path / "out"), "is not a folder")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(run(tmp_path / "empty", "--out", tmp_path / "out"), "no submission")
    assert not (tmp_path / "out").exists()


def test_an_unknown_assignment(tmp_path: Path, submitted: Path) -> None:
    result = run(submitted, "--out", tmp_path / "out", "--assignment", "part_c")
    refused(result, "part_c", "part_a, part_b")
    assert not (tmp_path / "out").exists()


def test_an_unknown_level(tmp_path: Path, submitted: Path) -> None:
    refused(run(submitted, "--out", tmp_path / "out", "--isolation", "best"), "best", "strict")
    assert not (tmp_path / "out").exists()


def test_a_level_that_this_host_lacks(
    tmp_path: Path, submitted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    detect.cache_clear()
    try:
        result = run(submitted, "--out", tmp_path / "out", "--isolation", "strict")
    finally:
        detect.cache_clear()
    refused(result, "--isolation strict", "bubblewrap is missing; install it")
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file(tmp_path: Path, submitted: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    refused(run(submitted, "--out", tmp_path / "out"), "out", "is a file: name a folder")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_an_output_below_a_file(tmp_path: Path, submitted: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    refused(run(submitted, "--out", tmp_path / "file" / "out"), "file", "Not a directory")


@pytest.mark.parametrize("name", ["report.html", "results.jsonl", "grades.csv"])
def test_an_output_with_the_report_of_another(tmp_path: Path, submitted: Path, name: str) -> None:
    """What no run wrote is not overwritten."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine", encoding="utf-8")
    refused(run(submitted, "--out", tmp_path / "out"), f"has a {name} that no grading run wrote")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert (tmp_path / "out" / name).read_text(encoding="utf-8") == "mine"


def test_an_output_among_the_submissions(tmp_path: Path, submitted: Path) -> None:
    """It would be a student of the next run."""
    refused(run(submitted, "--out", submitted / "out"), "name a folder outside of it")
    assert not (submitted / "out").exists()


def test_an_output_that_another_run_uses(tmp_path: Path, submitted: Path) -> None:
    (tmp_path / "out").mkdir()
    with Journal(tmp_path / "out"):
        refused(run(submitted, "--out", tmp_path / "out"), "another run", "wait")


def test_no_worker(tmp_path: Path, submitted: Path) -> None:
    result = run(submitted, "--out", tmp_path / "out", "--workers", 0)
    assert result.exit_code == 2
    assert "workers" in result.stderr


@pytest.mark.parametrize("kind", ["no-folder", "broken", "link", "two"])
def test_a_class_of_unreadable_submissions_still_gets_its_results(
    tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "submitted" / "ada" / "part_a"
    folder.mkdir(parents=True)
    if kind == "no-folder":
        folder.rename(folder.parent / "part_b")
    if kind in ("broken", "two"):
        (folder / "part_a.ipynb").write_text("{", encoding="utf-8")
    if kind == "two":
        (folder / "other.ipynb").write_text("{}", encoding="utf-8")
    if kind == "link":
        (folder / "part_a.ipynb").symlink_to("/etc/passwd")
    result = run(tmp_path / "submitted", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "ada" in result.stdout
    notes = [line for line in result.stderr.splitlines() if line.startswith("note: ada: ")]
    assert len(notes) == 1
    # The table gives the reason as well, in place of a list of exercises.
    assert "missing" not in result.stdout
    assert (tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_doctor_says_what_this_host_has() -> None:
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    for name, level in detect().items():
        assert name in result.stdout
        assert level.reason.split()[0] in result.stdout
