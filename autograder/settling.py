"""Looks at a folder, and says when what changed in it has come to rest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# So many quiet times a folder may go on changing before it is graded as it is.
RESTLESS = 10

Snapshot = frozenset[tuple[str, int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Gives path, size and time of change of every file at ``<student>/<assignment>/``."""
    found = set()
    for student in _folders(folder):
        for assignment in _folders(student):
            for entry in _entries(assignment):
                told = _stat(entry)
                if told is not None and not stat.S_ISDIR(told.st_mode):
                    name = str(Path(entry.path).relative_to(folder))
                    found.add((name, told.st_size, told.st_mtime_ns))
    return frozenset(found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _folders(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield Path(entry.path)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


@dataclass
class Settling:
    """Says when a folder that changes is to be graded.

    Attributes:
        settle: Seconds of quiet after a change.
        graded: What was graded last.
    """

    settle: float
    graded: Snapshot | None = None
    _seen: Snapshot | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)
    _first: float = field(default=0.0, init=False)

    def due(self, now: float, seen: Snapshot) -> bool:
        """Takes a look into account, and says whether to grade what was seen."""
        if seen == self.graded:
            self._seen = None
            return False
        if self._seen is None:
            self._first = now
        if seen != self._seen:
            self._seen, self._since = seen, now
        quiet = now - self._since >= self.settle
        return quiet or now - self._first >= RESTLESS * self.settle

    def done(self, seen: Snapshot) -> None:
        """Notes what was graded."""
        self.graded, self._seen = seen, None
