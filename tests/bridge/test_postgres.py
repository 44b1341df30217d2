"""The gradebook in a real PostgreSQL, also one that goes away in the middle."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.bridge import GradebookError, GradebookWriter
from autograder.bridge.address import database_url
from tests.bridge.support import MANIFEST, graded

pytest.importorskip("psycopg")
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed (apt: postgresql)"),
]


class Server:
    """A PostgreSQL of one's own, in a temporary folder, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = PROGRAMS[-1].parent
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", "data", "-U", "grader", "-A", "trust", "-N")

    def run(self, program: str, *words: str) -> None:
        """Runs one of its programs; they refuse to run as root."""
        command = [str(self.programs / program), *words]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        subprocess.run(command, cwd=self.folder, check=True, timeout=120, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    @property
    def url(self) -> str:
        return f"postgresql://grader:secret@127.0.0.1:{self.port}/postgres"


@pytest.fixture
def server() -> Iterator[Server]:
    # A socket's path must be short, and the folder one that the server's user may enter.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    made = Server(folder)
    made.start()
    yield made
    # A test may have ended it.
    with contextlib.suppress(subprocess.CalledProcessError):
        made.stop()
    shutil.rmtree(folder)


def auto_scores(server: Server) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(database_url(server.url)) as gradebook:
        book: Any = gradebook
        submissions = [s for a in book.assignments for s in a.submissions]
        return {f"{s.student.id}/{s.assignment.name}": s.score for s in submissions}


def test_nothing_is_lost_when_the_server_goes_away(server: Server) -> None:
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
    wanted = {f"{result.student}/{result.assignment}": result.score for result in results}
    assert auto_scores(server) == wanted
    writer.write(results)
    assert auto_scores(server) == wanted


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
