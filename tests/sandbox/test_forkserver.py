"""The fork server's own life: no leaks, clear ends, nothing left when the grader is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.failures import HostFailureError
from autograder.sandbox import ForkServerError, ForkServerHandle, RemoteSubject
from autograder.worker.confine import Caps
from tests.sandbox.conftest import PATIENCE, honest, needs
from tests.sandbox.processes import below, eventually, parents, with_word

LEVELS = ("strict", "landlock", "process")
MARKER = "27182818"


def forkserver_pids(server: ForkServerHandle) -> set[int]:
    return below(server.process.pid) | {server.process.pid}


def descriptors(pid: int | str) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_workers_leak_no_descriptors_and_no_zombies(server: ForkServerHandle) -> None:
    honest(server)
    ours, theirs = descriptors("self"), forkserver_pids(server)
    open_there = {pid: descriptors(pid) for pid in theirs}
    for _ in range(20):
        honest(server)
    assert descriptors("self") == ours
    assert {pid: descriptors(pid) for pid in theirs} == open_there
    assert forkserver_pids(server) == theirs
    zombies = [p for p in Path("/proc").glob("[0-9]*/stat") if _is_zombie_below(p, theirs)]
    assert zombies == []
    assert server.ended == {}


def _is_zombie_below(stat: Path, roots: set[int]) -> bool:
    try:
        state, parent = stat.read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return False
    return state == "Z" and int(parent) in roots


@pytest.mark.parametrize("level", LEVELS)
def test_a_fork_server_that_is_killed_is_a_failure_of_the_host(level: str) -> None:
    needs(level)
    with ForkServerHandle(level) as server:
        subject = RemoteSubject(server, PATIENCE, Caps())
        subject.define("def f():\n    while True: pass")
        for pid in forkserver_pids(server):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(ForkServerError) as caught:
            subject.call("f")
        assert isinstance(caught.value, HostFailureError)
        subject.close()
        with pytest.raises(ForkServerError):
            RemoteSubject(server, PATIENCE, Caps())


@pytest.mark.parametrize("level", LEVELS)
def test_closing_ends_every_process(level: str) -> None:
    needs(level)
    server = ForkServerHandle(level)
    subject = RemoteSubject(server, PATIENCE, Caps())
    subject.define("def f(): pass")
    alive = forkserver_pids(server)
    assert len(alive) >= 2
    server.close()
    subject.connection.close()
    assert eventually(lambda: not alive & set(parents()))


GRADER = """
import sys, time
from autograder.sandbox import ForkServerHandle, RemoteSubject
from autograder.worker.confine import Caps
server = ForkServerHandle(sys.argv[1])
subject = RemoteSubject(server, 600, Caps())
subject.define(sys.argv[2])
print("defined", flush=True)
subject.call("f")
"""
STAYING = f"""
import os
def f():
    try:
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["sleep", "{MARKER}"])
    except PermissionError:
        pass
    while True: pass
"""


@pytest.mark.parametrize(
    ("level", "how"),
    [
        ("strict", signal.SIGKILL),
        pytest.param("landlock", signal.SIGKILL, marks=pytest.mark.slow),
        ("process", signal.SIGKILL),
        pytest.param("process", signal.SIGINT, marks=pytest.mark.slow),
    ],
    ids=["strict", "landlock", "process", "process-interrupted"],
)
def test_nothing_outlives_a_grader(level: str, how: signal.Signals) -> None:
    needs(level)
    command = [sys.executable, "-c", GRADER, level, STAYING]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as grader:
        assert grader.stdout is not None
        assert grader.stdout.readline() == b"defined\n"
        alive = below(grader.pid)
        assert alive
        # As from a terminal: the whole group gets it.
        os.killpg(grader.pid, how)
        grader.wait()
    assert eventually(lambda: not alive & set(parents()))
    assert eventually(lambda: not with_word(MARKER))
