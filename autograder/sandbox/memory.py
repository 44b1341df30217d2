"""How much the processes below a fork server use beyond what it gave them.

Limits of the kernel come first; this is for what they do not count: mappings that processes share,
and the threads of an answer where the grader's user is root, whom the kernel lets make any number.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

# The fork server has imported torch; bubblewrap's own processes, above it, are tiny.
SERVER_MIB = 32.0


@dataclass(frozen=True)
class Usage:
    """What workers use.

    Attributes:
        memory_mib: Resident memory that is not a file's and did not come from the fork server.
        threads: Threads of all processes.
        pids: The processes, the fork server's not among them.
    """

    memory_mib: float
    threads: int
    pids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    memory_mib: float
    threads: int


def workers_usage(root: int) -> Usage:
    """What is used below the fork server that is, or is below, the process `root`."""
    children: dict[int, list[_Process]] = defaultdict(list)
    todo: list[_Process] = []
    for process in _processes():
        children[process.parent].append(process)
        if process.pid == root:
            todo.append(process)
    inherited: float | None = None
    memory, threads = 0.0, 0
    pids: set[int] = set()
    for process in todo:  # grows on the way: the nearest come first
        todo += children[process.pid]
        if inherited is not None:
            memory += max(0.0, process.memory_mib - inherited)
            threads += process.threads
            pids.add(process.pid)
        elif process.memory_mib > SERVER_MIB:
            inherited = process.memory_mib
    return Usage(memory, threads, frozenset(pids))


def _processes() -> list[_Process]:
    found = (_read(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [process for process in found if process is not None]


def _read(entry: Path) -> _Process | None:
    try:
        text = (entry / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The first line is the process's name, which it chooses itself.
    lines = (line.partition(":") for line in text.splitlines()[1:])
    fields = {key: value.split() for key, _, value in lines if value.strip()}
    kib = sum(int(fields.get(key, ["0"])[0]) for key in ("RssAnon", "RssShmem"))
    threads = int(fields.get("Threads", ["1"])[0])
    return _Process(int(entry.name), int(fields["PPid"][0]), kib / 1024, threads)
