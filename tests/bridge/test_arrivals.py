"""What is graded during a watch reaches the gradebook, also one that is away for a while."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.bridge import GradebookWriter
from autograder.bridge.arrivals import Arrivals
from tests.bridge.support import MANIFEST, graded, opened


def arrivals(book: Path, submitted: Path, retry: float = 0.0) -> Arrivals:
    return Arrivals(GradebookWriter(str(book), MANIFEST, patience=0), submitted, retry)


def scores(book: Path) -> dict[str, float]:
    with opened(book) as gradebook:
        found = gradebook.assignment_submissions("part_a")
        return {submission.student.id: submission.score for submission in found}


def test_only_what_changed_is_written(book: Path, tmp_path: Path) -> None:
    """The same results again are no work; a new score and a new time are."""
    waiting = arrivals(book, tmp_path)
    result = graded()
    waiting.take([result])
    assert waiting.write()[-1] == "gradebook: results written: 1"
    assert scores(book)["ada"] == result.score
    waiting.take([result])
    assert (len(waiting), waiting.write()) == (0, [])
    waiting.take([result, graded("bob")])
    assert len(waiting) == 1
    waiting.take([replace(result, score=7)])
    assert len(waiting) == 2
    assert waiting.write()[-1] == "gradebook: results written: 2"
    (tmp_path / "bob" / "part_a").mkdir(parents=True)
    (tmp_path / "bob" / "part_a" / "timestamp.txt").write_text("2030-01-31 13:00:00 UTC")
    waiting.take([graded("bob")])
    waiting.write()
    with opened(book) as gradebook:
        assert gradebook.find_submission("part_a", "bob").timestamp.year == 2030


def test_results_wait_for_a_locked_gradebook(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, not tried at every look, and what arrived meanwhile comes along."""
    now = [0.0]
    monkeypatch.setattr("autograder.bridge.arrivals.time.monotonic", lambda: now[0])
    waiting = arrivals(book, tmp_path, retry=30)
    holder = sqlite3.connect(book, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        waiting.take([graded()])
        (line,) = waiting.write()
        assert "another program holds it" in line
        assert line.endswith("; results that wait for it: 1")
        now[0] = 29
        assert waiting.write() == []
        assert len(waiting) == 1
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    waiting.take([graded(), graded("bob")])
    assert waiting.write()[-1] == "gradebook: results written: 2"
    assert {"ada", "bob"} <= scores(book).keys()
