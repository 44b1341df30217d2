"""Which isolation levels there are here, and what is said where one is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import (
    LEVELS,
    ForkServerError,
    ForkServerHandle,
    IsolationError,
    best_level,
    detect,
    levels,
    require,
)


@pytest.fixture(autouse=True)
def _look_again() -> Iterator[None]:
    detect.cache_clear()
    yield
    detect.cache_clear()


@pytest.fixture
def no_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path on which there is no `bwrap`; returns its folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def fake_bubblewrap(folder: Path, script: str) -> None:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def test_levels_are_listed_with_a_reason() -> None:
    found = detect()
    assert tuple(found) == LEVELS
    assert all(level.reason for level in found.values())
    assert found["process"].available
    assert best_level() == next(name for name in LEVELS if found[name].available)


def test_the_level_that_is_required_here_is_available() -> None:
    required = os.environ.get("REQUIRE_ISOLATION")
    if not required:
        pytest.skip("REQUIRE_ISOLATION names no level")
    assert require(required) == required


def test_no_level_asked_for_is_the_strongest() -> None:
    assert require(None) == best_level()


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(IsolationError, match="--isolation maximal: there are strict, "):
        require("maximal")


def test_without_bubblewrap_strict_is_refused_with_what_to_do(no_bubblewrap: Path) -> None:
    with pytest.raises(IsolationError, match=r"strict: bubblewrap is missing; install it"):
        require("strict")
    assert best_level() != "strict"
    with pytest.raises(ForkServerError, match="bubblewrap is missing"):
        ForkServerHandle("strict")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'No permissions to create new namespace' >&2; exit 1", "No permissions to create"),
        ("exit 7", "exit status 7"),
    ],
)
def test_a_bubblewrap_that_may_do_nothing_is_found_out(
    no_bubblewrap: Path, script: str, said: str
) -> None:
    fake_bubblewrap(no_bubblewrap, script)
    with pytest.raises(IsolationError, match=said):
        require("strict")


def test_a_bubblewrap_that_hangs_is_found_out(
    no_bubblewrap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "PROBE_SECONDS", 0.2)
    fake_bubblewrap(no_bubblewrap, "exec /bin/sleep 1000")
    with pytest.raises(IsolationError, match="does not start"):
        require("strict")


def test_a_fork_server_that_cannot_start_says_why(no_bubblewrap: Path) -> None:
    fake_bubblewrap(no_bubblewrap, "echo 'the disk is on fire' >&2; exit 1")
    with pytest.raises(ForkServerError, match="the disk is on fire"):
        ForkServerHandle("strict")
