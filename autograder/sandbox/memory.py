"""How much memory a process and everything below it use."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def group_rss_mib(root: int) -> float:
    """Resident memory of a process and its descendants that is not shared with files, in MiB."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children[parent].append(int(entry.name))
    total, todo = 0.0, [root]
    while todo:
        pid = todo.pop()
        total += _private_mib(pid)
        todo += children[pid]
    return total


def _parent(entry: Path) -> int | None:
    try:
        text = (entry / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[1])


def _private_mib(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return (int(fields[1]) - int(fields[2])) * PAGE / 2**20
