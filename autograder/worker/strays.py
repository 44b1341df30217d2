"""Ends processes that a worker left behind, where no namespace takes them with it.

The fork server adopts orphans (`confine.adopt_orphans`), so whatever outlives a worker, in a
session of its own or not, is below the fork server and can be found there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

SECONDS = 30.0


def end_strays(spared: Collection[int]) -> None:
    """Kills and reaps every process below this one but `spared` and what is below those.

    Everything is stopped before anything is killed, so that nothing forks away meanwhile.
    """
    deadline = time.monotonic() + SECONDS
    stopped: set[int] = set()
    while time.monotonic() < deadline:
        found = _below(os.getpid(), spared)
        if not found:
            return
        fresh = found - stopped
        for pid in fresh or found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGSTOP if fresh else signal.SIGKILL)
        stopped |= fresh
        if not fresh:
            _reap(found)


def _reap(pids: Collection[int]) -> None:
    for pid in pids:
        # Grandchildren come to this process only when their parents are gone: the next round.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _below(root: int, spared: Collection[int]) -> set[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            children[_parent(entry)].append(int(entry.name))
    found: set[int] = set()
    todo = [pid for pid in children[root] if pid not in spared]
    while todo:
        pid = todo.pop()
        found.add(pid)
        todo += children[pid]
    return found


def _parent(entry: Path) -> int:
    try:
        text = (entry / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])
