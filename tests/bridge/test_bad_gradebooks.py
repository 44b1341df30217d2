"""Gradebooks that are old, locked, renamed in, or know nobody: a clear line, and nothing lost."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from autograder.bridge import GradebookError, GradebookWriter
from tests.bridge.courses import CONFIG, grades, hand_in, nbgrader
from tests.bridge.support import MANIFEST, graded, opened

# Undoes what nbgrader 0.6 and later changed of the schema of 0.5.
OLDER = """
CREATE TABLE older (id VARCHAR(32) PRIMARY KEY, name VARCHAR(128) NOT NULL UNIQUE,
    duedate TIMESTAMP);
INSERT INTO older SELECT id, name, duedate FROM assignment;
DROP TABLE assignment;
ALTER TABLE older RENAME TO assignment;
DROP TABLE course;
ALTER TABLE student DROP COLUMN lms_user_id;
UPDATE alembic_version SET version_num = '167914646830';
"""


def change(book: Path, script: str) -> None:
    connection = sqlite3.connect(book)
    connection.executescript(script)
    connection.close()


@pytest.mark.slow
def test_a_gradebook_of_an_older_nbgrader(book: Path, tmp_path: Path) -> None:
    """It is refused as it is; after the command that is named, everything is written."""
    change(book, OLDER)
    before = book.read_bytes()
    writer = GradebookWriter(str(book), MANIFEST)
    with pytest.raises(GradebookError, match="`nbgrader db upgrade`"):
        writer.write([graded()])
    assert book.read_bytes() == before
    hand_in(tmp_path, "ada")
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    assert "nbgrader db upgrade" in nbgrader(tmp_path, "autograde", "part_a", ok=False)
    nbgrader(tmp_path, "db", "upgrade")
    writer.write([graded()])
    with opened(book) as gradebook:
        found = {s.student.id: s.score for s in gradebook.assignment_submissions("part_a")}
    assert found == {"earlier": graded().score, "ada": graded().score}


@pytest.mark.parametrize("moment", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_lock_that_is_let_go(book: Path, moment: int) -> None:
    """The writer waits for it, from the start or in the middle of a class."""
    holder = sqlite3.connect(book, isolation_level=None, check_same_thread=False)
    timers: list[threading.Timer] = []

    def hold(done: int, _total: int) -> None:
        if done == moment:
            holder.execute("BEGIN EXCLUSIVE")
            timers.append(threading.Timer(7.0, holder.execute, ("ROLLBACK",)))
            timers[0].start()

    hold(0, 2)
    start = time.monotonic()
    GradebookWriter(str(book), MANIFEST).write([graded("ada"), graded("bob")], progress=hold)
    assert time.monotonic() - start >= 7
    timers[0].join()
    holder.close()
    with opened(book) as gradebook:
        found = {s.student.id: s.score for s in gradebook.assignment_submissions("part_a")}
    assert found == dict.fromkeys(("earlier", "ada", "bob"), graded().score)


def test_an_assignment_that_was_renamed(book: Path) -> None:
    """Results do not go to a second assignment by its side; both ways on are named, and work."""
    with opened(book) as gradebook:
        gradebook.find_assignment("part_a").name = "homework_4"
        gradebook.db.commit()
    before = book.read_bytes()
    writer = GradebookWriter(str(book), MANIFEST)
    with pytest.raises(GradebookError, match="its notebook under homework_4") as caught:
        writer.write([graded("ada", "b"), graded("ada")])
    assert "\n" not in str(caught.value)
    assert book.read_bytes() == before
    with opened(book) as gradebook:
        gradebook.add_assignment("part_a")
    writer.write([graded("ada", "b"), graded("ada")])
    with opened(book) as gradebook:
        names = {s.assignment.name for s in gradebook.student_submissions("ada")}
        assert names == {"part_a", "part_b"}
        assert len(gradebook.assignment_submissions("homework_4")) == 1


@pytest.mark.slow
def test_a_renamed_assignment_and_an_unknown_student_in_nbgrader(
    book: Path, tmp_path: Path
) -> None:
    """`nbgrader autograde` grades our notebook under any name; who is unknown is told."""
    with opened(book) as gradebook:
        gradebook.find_assignment("part_a").name = "homework_4"
        gradebook.db.commit()
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    hand_in(tmp_path, "ada")
    (tmp_path / "submitted/ada/part_a").rename(tmp_path / "submitted/ada/homework_4")
    strict = "--Autograde.create_student=False"
    said = nbgrader(tmp_path, "autograde", "homework_4", strict, ok=False)
    assert "No student with ID 'ada'" in said
    nbgrader(tmp_path, "autograde", "homework_4")
    assert grades(tmp_path, "ada", "homework_4")["a1_1_forward_check"]["auto_score"] == 5
    said = nbgrader(tmp_path, "autograde", "part_a", ok=False)
    assert "part_a" in said


@pytest.mark.slow
def test_nbgrader_and_a_locked_gradebook(book: Path, tmp_path: Path) -> None:
    """`nbgrader autograde` fails aloud, and the same command does it all when the lock is gone."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    hand_in(tmp_path, "ada")
    holder = sqlite3.connect(book, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert "locked" in nbgrader(tmp_path, "autograde", "part_a", ok=False)
    holder.execute("ROLLBACK")
    holder.close()
    nbgrader(tmp_path, "autograde", "part_a")
    assert grades(tmp_path)["a1_1_forward_check"]["auto_score"] == 5
