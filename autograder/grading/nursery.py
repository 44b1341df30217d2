"""Where grading processes and their fork servers come from: torch is imported once for each side.

Two processes are started and import meanwhile: one of the trusted side, from which the crew is
forked, and one in the jail, which holds nothing of the grader and from which the fork servers of
students' code are forked. Neither ever touches CUDA. A process whose fork server is gone starts
another one by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from .. import checks
from ..sandbox.forked import Forked
from ..sandbox.gpus import Gpu
from ..sandbox.pool import ForkServerError, ForkServerHandle

# A loaded machine may need long to import torch.
START_SECONDS, END_SECONDS = 300.0, 30.0
SILENT = "the process that grading processes are forked from does not answer"
# Checks may lie in other folders as well, which were put on the path of their package.
PROGRAM = (
    "import sys; sys.path[:] = {path!r}; "
    "import autograder.checks; autograder.checks.__path__[:] = {checks!r}; "
    "from autograder.grading.member import main; main({fd})"
)


class GradingProcess:
    """One grading process.

    Args:
        process: The process.
        connection: Takes tasks and gives outcomes; it ends the process when it is closed.
    """

    def __init__(self, process: Forked, connection: Connection) -> None:
        self.process = process
        self.connection = connection

    def end(self, at_once: bool) -> None:
        """Lets it end, with its fork server; at once even in the middle of a task."""
        self.connection.close()
        if at_once:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nursery:
    """Starts both processes, and forks grading processes; use it as a context manager.

    Args:
        level: Isolation level of students' code.
        manifest_path: Another manifest than the course's.
    """

    def __init__(self, level: str, manifest_path: Path | None = None) -> None:
        self.level, self.manifest_path = level, manifest_path
        self.trusted: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.server: ForkServerHandle | None = None

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Starts what is not running; nothing waits for it."""
        if self.trusted is not None and self.trusted.poll() is None:
            return
        self.close()
        with contextlib.suppress(ForkServerError, OSError):
            self.server = ForkServerHandle(self.level, wait=False)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(START_SECONDS)
        folders = list(checks.__path__)
        program = PROGRAM.format(path=sys.path, checks=folders, fd=theirs.fileno())
        try:
            self.trusted = subprocess.Popen(
                [sys.executable, "-c", program],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Small tensors on few cores; no pool of threads may be there at a fork; and
                # known mistakes train, too.
                env={**os.environ, "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"},
            )
        finally:
            theirs.close()

    def process(self, gpu: Gpu | None = None) -> GradingProcess:
        """A new grading process.

        Args:
            gpu: The card that its answers may use; its fork server is then one of its own.

        Raises:
            OSError: None can be made.
        """
        self.start()
        assert self.control is not None
        ours, theirs = Pipe()
        fds = [theirs.fileno()]
        server = None if gpu else self._server()
        if server is not None:
            fds.append(server.fileno())
        path = None if self.manifest_path is None else str(self.manifest_path)
        message = json.dumps([self.level, path, asdict(gpu) if gpu else None]).encode()
        try:
            socket.send_fds(self.control, [message], fds)
            answer, handles, _, _ = socket.recv_fds(self.control, 64, 1)
        except TimeoutError:
            ours.close()
            raise OSError(SILENT) from None
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
            if server is not None:
                server.close()
        if not handles:
            ours.close()
            raise OSError("the process that grading processes are forked from is gone")
        return GradingProcess(Forked(int(answer), handles[0]), ours)

    def close(self) -> None:
        """Ends both; grading processes that are left end with them."""
        if self.control is not None:
            self.control.close()
        if self.server is not None:
            self.server.close()
        if self.trusted is not None:
            try:
                self.trusted.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.trusted.kill()
                self.trusted.wait()
        self.trusted = self.control = self.server = None

    def _server(self) -> socket.socket | None:
        """A fork server for the new process, or None: it then starts its own."""
        with contextlib.suppress(ForkServerError):
            return self.server.split() if self.server else None
        return None
