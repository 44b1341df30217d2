"""The gradebook in a real PostgreSQL, also one that goes away in the middle."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from typer.testing import CliRunner

from autograder import cli
from autograder.bridge import GradebookError, GradebookWriter
from autograder.bridge.address import database_url
from autograder.grading.run import grade_class
from autograder.results import SubmissionResult, read_results
from tests.bridge.postgres import Server, needs_postgres, running
from tests.bridge.support import MANIFEST, ROOT, graded

pytestmark = [pytest.mark.slow, needs_postgres]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made:
        yield made


def auto_scores(server: Server) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(database_url(server.url)) as gradebook:
        book: Any = gradebook
        submissions = [s for a in book.assignments for s in a.submissions]
        return {f"{s.student.id}/{s.assignment.name}": s.score for s in submissions}


def wanted(*results: SubmissionResult) -> dict[str, float]:
    return {f"{result.student}/{result.assignment}": result.score for result in results}


@contextmanager
def at_the_write(number: int, do: Callable[[], None]) -> Iterator[None]:
    """Does something just before the numbered statement that changes a database, once."""
    count = 0

    def listen(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal count
        if statement.split()[0] in ("INSERT", "UPDATE"):
            count += 1
            if count == number:
                do()

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert count >= number, "there was no such statement"


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_nothing_is_lost_when_it_goes_away_within_a_submission(server: Server, number: int) -> None:
    """It crashes at a statement of a transaction and is back a second later: all is there, once."""
    first, second = graded("ada"), graded("bob")
    GradebookWriter(server.url, MANIFEST).write([first])
    timer = threading.Timer(1.0, server.start)

    def crash() -> None:
        server.stop()
        timer.start()

    with at_the_write(number, crash):
        GradebookWriter(server.url, MANIFEST).write([first, second])
    timer.join()
    assert auto_scores(server) == wanted(first, second)


def test_grading_is_kept_while_it_is_away(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes away while the class is graded: results stay; the same command brings them in."""
    folder = tmp_path / "submitted" / "ada" / "part_b"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "release" / "part_b" / "part_b.ipynb", folder)
    words = ["grade", str(tmp_path / "submitted"), "--out", str(tmp_path / "out")]
    words += ["--workers", "1", "--gradebook", server.url]

    def grade_then_crash(*arguments: Any) -> Any:
        report = grade_class(*arguments)
        server.stop()
        return report

    with monkeypatch.context() as patch:
        patch.setattr(cli, "grade_class", grade_then_crash)
        patch.setattr(cli, "GradebookWriter", partial(GradebookWriter, patience=1))
        done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 2
    assert f"results so far are in {tmp_path / 'out'}" in done.stderr
    assert "secret" not in done.stderr
    server.start()
    assert auto_scores(server) == {}
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    (result,) = read_results(tmp_path / "out" / "results.jsonl")
    assert auto_scores(server) == wanted(result)


def test_nothing_is_lost_when_it_goes_away_between_two(server: Server) -> None:
    """It crashes after the first submission and comes back: every score is there, once."""
    results = [graded("ada"), graded("bob"), graded("bob", "b")]
    crashes: list[int] = []

    def progress(done: int, total: int) -> None:
        if done == 1 and not crashes:
            crashes.append(total)
            server.stop()
            server.start()

    writer = GradebookWriter(server.url, MANIFEST)
    assert writer.check() == [
        f"{server.url.replace('secret', '***').replace('ql:', 'ql+psycopg:')} is a new gradebook"
    ]
    writer.write(results, progress=progress)
    assert crashes == [3]
    assert auto_scores(server) == wanted(*results)
    writer.write(results)
    assert auto_scores(server) == wanted(*results)


def test_a_server_that_stays_away_is_named(server: Server) -> None:
    """The message tells the address without the password; a wrong database is told at once."""
    missing = server.url.replace("/postgres", "/nowhere")
    with pytest.raises(GradebookError, match="does not exist"):
        GradebookWriter(missing, MANIFEST).check()
    server.stop()
    with pytest.raises(GradebookError) as caught:
        GradebookWriter(server.url, MANIFEST, patience=1).write([graded()])
    assert "secret" not in str(caught.value)
    assert f"127.0.0.1:{server.port}" in str(caught.value)
