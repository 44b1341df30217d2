"""Peak memory of a command with all of its descendants, read from outside while it runs."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass

import psutil

EVERY_S = 0.1


@dataclass(frozen=True)
class Peak:
    """The largest moment of a tree of processes.

    Attributes:
        mib: Sum of proportional set sizes, MiB: a page that n processes share counts 1/n in each.
        count: Processes alive at that moment.
    """

    mib: float = 0.0
    count: int = 0


def watched(command: list[str]) -> tuple[float, Peak]:
    """Runs a command; gives its seconds and its peak.

    Raises:
        subprocess.CalledProcessError: Its exit status is not 0.
    """
    start = time.perf_counter()
    peak = Peak()
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            now = _now(process.pid)
            peak = now if now.mib > peak.mib else peak
            time.sleep(EVERY_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, peak


def _now(pid: int) -> Peak:
    total, count = 0, 0
    try:
        tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return Peak()
    for process in tree:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
        count += 1
    return Peak(total / 2**20, count)
