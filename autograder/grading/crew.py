"""Grades submissions in several processes, each with a fork server of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import torch

from course.manifest import Manifest, load_manifest

from ..results import SubmissionResult
from ..sandbox import ForkServerError, ForkServerHandle
from ..submission import Answers, Submission
from .submission import grade_answers

ATTEMPTS = 3


class HostError(Exception):
    """The machine, not a submission, kept a submission from being graded."""


@dataclass(frozen=True)
class Task:
    """One submission to grade."""

    key: str
    item: Submission
    answers: Answers


class _Grader:
    """What one process of the crew holds."""

    level = ""
    manifest: Manifest
    server: ForkServerHandle | None = None


def grade_all(
    tasks: Iterable[Task], level: str, workers: int, manifest_path: Path | None = None
) -> Iterator[tuple[Task, SubmissionResult | HostError]]:
    """Results as they come, in no order.

    Args:
        tasks: What to grade; any number.
        level: Isolation level, available on this host.
        workers: Number of processes.
        manifest_path: Another manifest than the course's.
    """
    waiting = list(tasks)[::-1]
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start, (level, manifest_path))
    running: dict[Future[SubmissionResult], Task] = {}
    try:
        while waiting or running:
            while waiting and len(running) < 2 * workers:
                task = waiting.pop()
                running[pool.submit(_grade, task)] = task
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), _outcome(future)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(future: Future[SubmissionResult]) -> SubmissionResult | HostError:
    try:
        return future.result()
    except (ForkServerError, BrokenProcessPool, OSError) as error:
        return HostError(f"{type(error).__name__}: {error}")


def _start(level: str, manifest_path: Path | None) -> None:
    # Ctrl-C goes to the whole group; the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _Grader.level = level
    _Grader.manifest = load_manifest(manifest_path)


def _grade(task: Task) -> SubmissionResult:
    for attempt in range(ATTEMPTS):
        try:
            return grade_answers(_server(), task.item, task.answers, _Grader.manifest)
        except ForkServerError:
            _drop_server()
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _server() -> ForkServerHandle:
    if _Grader.server is None:
        _Grader.server = ForkServerHandle(_Grader.level)
    return _Grader.server


def _drop_server() -> None:
    server, _Grader.server = _Grader.server, None
    if server is not None:
        with contextlib.suppress(OSError):
            server.close()


def default_workers() -> int:
    """One process for each core that this process may use."""
    return max(1, len(os.sched_getaffinity(0)))
