"""Looks at the host's processes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

# Not a limit on speed, only on waiting for ever.
SECONDS = 60.0


def parents() -> dict[int, int]:
    """Each living process with its parent; zombies have ended."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def below(root: int) -> set[int]:
    """A process's descendants."""
    known = parents()
    found = {root}
    while True:
        more = {pid for pid, parent in known.items() if parent in found} | found
        if more == found:
            return found - {root}
        found = more


def with_word(word: str) -> list[int]:
    """Living processes with a word in their command line."""
    found = []
    for pid in parents():
        with contextlib.suppress(OSError):
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()
