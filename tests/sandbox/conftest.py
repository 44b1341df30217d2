"""A fork server for each isolation level that the host has, and answers that run in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox import LEVELS, ForkServerHandle, RemoteSubject, detect
from autograder.worker.confine import Caps
from tests.sandbox.processes import below

Starter = Callable[..., RemoteSubject]

# An honest answer may take its time on a loaded machine.
PATIENCE = 120.0


def needs(level: str) -> None:
    """Skips where the host lacks a level, unless `REQUIRE_ISOLATION` says that it must not."""
    found = detect()[level]
    if not found.available:
        if os.environ.get("REQUIRE_ISOLATION") == level:
            pytest.fail(f"level {level} is required here: {found.reason}")
        pytest.skip(f"level {level}: {found.reason}")


@pytest.fixture(scope="package", params=LEVELS)
def server(request: pytest.FixtureRequest) -> Iterator[ForkServerHandle]:
    """One fork server for all tests of a level: each attack must leave it as it was."""
    needs(request.param)
    with ForkServerHandle(request.param) as handle:
        yield handle


@pytest.fixture
def start(server: ForkServerHandle) -> Iterator[Starter]:
    """Starts answers; afterwards nothing of them lives, and the next answer runs right."""
    before = below(server.process.pid)
    started: list[RemoteSubject] = []

    def starter(source: str, wall: float = PATIENCE, caps: Caps | None = None) -> RemoteSubject:
        started.append(RemoteSubject(server, wall, caps or Caps()))
        started[-1].define(source)
        return started[-1]

    yield starter
    for subject in started:
        subject.close()
    assert below(server.process.pid) == before
    honest(server)


def honest(server: ForkServerHandle) -> None:
    """An answer that is right still runs."""
    subject = RemoteSubject(server, PATIENCE, Caps())
    try:
        subject.define("def f(x):\n    return x + 1\n")
        assert subject.call("f", 1) == 2
    finally:
        subject.close()
