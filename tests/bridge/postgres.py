"""A PostgreSQL of a test's own, from the programs of Debian's package."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
needs_postgres = pytest.mark.skipif(
    not PROGRAMS or find_spec("psycopg") is None,
    reason="PostgreSQL is not installed (apt: postgresql; pip: psycopg)",
)


class Server:
    """A PostgreSQL of one's own, in a temporary folder, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = PROGRAMS[-1].parent
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # Its user owns the folder; the file is no secret.
        (folder / "password").write_text("secret")
        words = ("-U", "grader", "-A", "scram-sha-256", "--pwfile", "password", "-N")
        self.run("initdb", "-D", "data", *words)

    def run(self, program: str, *words: str) -> None:
        """Runs one of its programs; they refuse to run as root."""
        command = [str(self.programs / program), *words]
        if os.geteuid() == 0:
            other = ("--reuid=postgres", "--regid=postgres", "--clear-groups")
            command = ["setpriv", *other, *command]
        subprocess.run(command, cwd=self.folder, check=True, timeout=120, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stops it; by default as a crash does, in the middle of whatever it is at."""
        self.run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    @property
    def url(self) -> str:
        """Its database's URL, as people write it."""
        return f"postgresql://grader:secret@127.0.0.1:{self.port}/postgres"


@contextmanager
def running() -> Iterator[Server]:
    """Runs a server for a while, and removes it."""
    # A socket's path must be short, and the folder one that the server's user may enter.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    try:
        made = Server(folder)
        made.start()
        yield made
        # A test may have ended it.
        with contextlib.suppress(subprocess.CalledProcessError):
            made.stop()
    finally:
        shutil.rmtree(folder)
