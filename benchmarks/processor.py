"""Processor time of this process and of a fork server with all its workers, ended ones too."""

from __future__ import annotations

import contextlib
import time

import psutil


def processor_seconds(root: int) -> float:
    """Seconds used so far by this process, by the process `root` and all that it started."""
    return time.process_time() + sum(_own(p) for p in _family(root))


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def _family(root: int) -> list[psutil.Process]:
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


def _own(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0
