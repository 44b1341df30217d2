"""`autograder watch` grades what arrives, once it is there, and ends when it is told to."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.results import read_results
from autograder.settling import RESTLESS, Settling, Snapshot, snapshot
from autograder.watch import Ending

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "release" / "part_b" / "part_b.ipynb"
PATIENCE = 300.0


def state(*names: str) -> Snapshot:
    return frozenset((name, 1, 1) for name in names)


def test_what_changes_is_graded_when_it_is_quiet() -> None:
    """Each change starts the wait anew; what was graded is not due again."""
    settling = Settling(3.0)
    assert not settling.due(0.0, state("a"))
    assert not settling.due(2.9, state("a"))
    assert not settling.due(3.0, state("a", "b"))
    assert not settling.due(5.9, state("a", "b"))
    assert settling.due(6.0, state("a", "b"))
    settling.done(state("a", "b"))
    assert not settling.due(100.0, state("a", "b"))
    assert not settling.due(101.0, state("a"))
    assert settling.due(104.0, state("a"))


def test_a_restless_folder_is_graded_all_the_same() -> None:
    """A class that hands in without a pause does not put off everyone's result."""
    settling = Settling(3.0)
    due = [now for now in range(100) if settling.due(now, state(str(now)))]
    assert due[0] == RESTLESS * 3


def test_the_look_sees_notebooks_only_where_they_belong(tmp_path: Path) -> None:
    """Files of assignments count; loose files, hidden folders and links to folders do not."""
    for name in ("ada/part_a/part_a.ipynb", "loose.txt", ".git/part_a/x", "ada/loose.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "eve").symlink_to("/")
    first = snapshot(tmp_path)
    assert {name for name, _, _ in first} == {"ada/part_a/part_a.ipynb"}
    (tmp_path / "ada/part_a/part_a.ipynb").write_text("xy")
    assert snapshot(tmp_path) != first
    assert snapshot(tmp_path / "nowhere") == frozenset()


@contextmanager
def watching(
    folder: Path, out: Path, *more: object, log: int | IO[str] = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "autograder", "watch", folder, "--out", out, *more]
    process = subprocess.Popen(
        [*map(str, command), "--settle", "0.5", "--interval", "0.1", "--workers", "1"],
        stdout=log,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def graded(out: Path) -> set[str]:
    path = out / "results.jsonl"
    return {result.student for result in read_results(path)} if path.exists() else set()


def hand_in(folder: Path, student: str) -> None:
    target = folder / student / "part_b"
    target.mkdir(parents=True)
    shutil.copy(NOTEBOOK, target / "part_b.ipynb")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_arrivals_are_graded_and_the_end_is_clean(tmp_path: Path, how: signal.Signals) -> None:
    """An empty folder is waited on; each arrival gets its result; Ctrl-C is no error."""
    folder, out = tmp_path / "submitted", tmp_path / "out"
    folder.mkdir()
    with watching(folder, out) as process:
        hand_in(folder, "ada")
        wait_for(process, lambda: graded(out) == {"ada"} and (out / "report.html").exists())
        if how == signal.SIGINT:
            hand_in(folder, "bob")
            wait_for(process, lambda: graded(out) == {"ada", "bob"})
        process.send_signal(how)
        said, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert said.count("ada/part_b: 0 of 100") == 1
    assert f"ended; what is finished is in {out}" in said
    assert "Traceback" not in errors


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interruption_in_a_destructor_is_not_lost() -> None:
    """Python drops what is raised there; the next look at the folder ends the watch."""

    class Interrupted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    ending, before = Ending(), signal.getsignal(signal.SIGINT)
    ending.check()
    with ending.watched():
        Interrupted()
        with pytest.raises(KeyboardInterrupt):
            ending.check()
    assert signal.getsignal(signal.SIGINT) == before


STUDENTS = """SELECT submitted_assignment.student_id FROM submitted_assignment
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
    WHERE assignment.name = 'part_b'"""


def in_gradebook(book: Path) -> set[str]:
    """The students whose submissions of part_b a gradebook has, which may be in the making."""
    connection = sqlite3.connect(f"file:{book}?mode=ro", uri=True)
    try:
        return {student for (student,) in connection.execute(STUDENTS)}
    except sqlite3.OperationalError:
        return set()
    finally:
        connection.close()


@pytest.mark.slow
def test_results_reach_a_gradebook_that_was_locked(tmp_path: Path) -> None:
    """Grading goes on while another program holds it; what waited is written with what follows."""
    folder, out, book = tmp_path / "submitted", tmp_path / "out", tmp_path / "gradebook.db"
    folder.mkdir()
    said = tmp_path / "said.txt"

    def told(line: str) -> bool:
        return line in said.read_text("utf-8")

    with said.open("w") as log, watching(folder, out, "--gradebook", book, log=log) as process:
        hand_in(folder, "ada")
        wait_for(process, lambda: told("gradebook: results written: 1"))
        assert in_gradebook(book) == {"ada"}
        holder = sqlite3.connect(book, isolation_level=None, timeout=PATIENCE)
        holder.execute("BEGIN EXCLUSIVE")
        hand_in(folder, "bob")
        wait_for(process, lambda: told("results that wait for it: 1"))
        hand_in(folder, "eve")
        wait_for(process, lambda: graded(out) == {"ada", "bob", "eve"})
        holder.execute("ROLLBACK")
        holder.close()
        wait_for(process, lambda: told("gradebook: results written: 2"))
        assert in_gradebook(book) == {"ada", "bob", "eve"}
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_refusals(tmp_path: Path) -> None:
    """A folder that is not there, an unknown assignment, output inside of what is watched."""
    (tmp_path / "ada" / "part_b").mkdir(parents=True)
    shutil.copy(NOTEBOOK, tmp_path / "ada" / "part_b")
    out = str(tmp_path.parent / f"{tmp_path.name}-out")
    cases = {
        "is not there": [str(tmp_path / "nowhere"), "--out", out],
        "lies in the folder that is watched": [str(tmp_path), "--out", str(tmp_path / "out")],
        "unknown assignment": [str(tmp_path), "--out", out, "--assignment", "part_c"],
        "of kind mysql is not known": [str(tmp_path), "--out", out, "--gradebook", "mysql://h/db"],
    }
    for words, arguments in cases.items():
        done = CliRunner().invoke(app, ["watch", *arguments])
        assert done.exit_code == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
