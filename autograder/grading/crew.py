"""Grades submissions in several processes, each with a fork server of its own.

A process that dies costs one attempt at the submission that it was grading, and nothing else.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch

from course.manifest import Manifest, load_manifest

from ..failures import HostFailureError
from ..results import SubmissionResult
from ..submission import Answers, Submission
from ..worker.confine import die_with_parent
from .servers import Servers
from .submission import grade_answers

ATTEMPTS = 3
# A process ends its fork server before itself; a loaded machine may take its time.
END_SECONDS = 30.0


class HostError(Exception):
    """The machine, not a submission, kept a submission from being graded."""


@dataclass(frozen=True)
class Task:
    """One submission to grade."""

    key: str
    item: Submission
    answers: Answers


Outcome = SubmissionResult | HostError


class _Member:
    """One process of the crew, and what it is doing."""

    def __init__(self, level: str, manifest_path: Path | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        arguments = (theirs, level, manifest_path)
        self.process: SpawnProcess = context.Process(target=_work, args=arguments)
        self.process.start()
        theirs.close()
        self.task: Task | None = None

    def give(self, task: Task) -> None:
        """Starts it on a task; `result` notices if it cannot."""
        self.task = task
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def result(self) -> Outcome | None:
        """What it says about its task; None where it is gone."""
        try:
            outcome: Outcome = self.connection.recv()
        except (EOFError, OSError):
            return None
        return outcome

    def dismiss(self, at_once: bool) -> None:
        """Lets it end, with its fork server; at once even in the middle of a task."""
        self.connection.close()
        if at_once:
            self.process.terminate()
        self.process.join(END_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        self.process.close()


def grade_all(
    tasks: Iterable[Task], level: str, workers: int, manifest_path: Path | None = None
) -> Generator[tuple[Task, Outcome], None, None]:
    """Results as they come, in no order; closing the iterator ends every process.

    Args:
        tasks: What to grade; any number.
        level: Isolation level, available on this host.
        workers: Number of processes.
        manifest_path: Another manifest than the course's.
    """
    crew = _Crew(tasks, level, workers, manifest_path)
    try:
        yield from crew.run()
        crew.dismiss(at_once=False)
    finally:
        crew.dismiss(at_once=True)


class _Crew:
    """The processes, what waits for them, and how often each submission was tried."""

    def __init__(
        self, tasks: Iterable[Task], level: str, workers: int, manifest_path: Path | None
    ) -> None:
        self.waiting = deque((task, 1) for task in tasks)
        self.level, self.workers, self.manifest_path = level, workers, manifest_path
        self.members: list[_Member] = []
        self.attempt: dict[_Member, int] = {}

    def run(self) -> Iterator[tuple[Task, Outcome]]:
        """Gives out tasks until each has an outcome."""
        while self.waiting or any(member.task for member in self.members):
            self._give_out()
            busy = {member.connection: member for member in self.members if member.task}
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                yield from self._finished(busy[connection])

    def dismiss(self, at_once: bool) -> None:
        """Ends every process."""
        while self.members:
            self.members.pop().dismiss(at_once)

    def _give_out(self) -> None:
        idle = [member for member in self.members if member.task is None]
        while self.waiting and (idle or len(self.members) < self.workers):
            if not idle:
                idle.append(_Member(self.level, self.manifest_path))
                self.members.append(idle[-1])
            member = idle.pop()
            task, self.attempt[member] = self.waiting.popleft()
            member.give(task)

    def _finished(self, member: _Member) -> Iterator[tuple[Task, Outcome]]:
        task, member.task = member.task, None
        assert task is not None
        outcome = member.result()
        if outcome is not None:
            yield task, outcome
            return
        attempt = self.attempt.pop(member)
        self.members.remove(member)
        member.dismiss(at_once=True)
        if attempt < ATTEMPTS:
            self.waiting.append((task, attempt + 1))
        else:
            yield task, HostError(f"the process that graded it died {ATTEMPTS} times")


def _work(connection: Connection, level: str, manifest_path: Path | None) -> None:
    """What a process of the crew does until its connection closes."""
    die_with_parent()
    # Ctrl-C goes to the whole group; the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    torch.set_num_threads(1)
    os.environ["TQDM_DISABLE"] = "1"  # known mistakes train, too
    manifest = load_manifest(manifest_path)
    with Servers(level) as servers, contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(_outcome(connection.recv(), servers, manifest))


def _outcome(task: Task, servers: Servers, manifest: Manifest) -> Outcome:
    """A result, or why there is none: one submission never takes another with it."""
    try:
        return grade_answers(servers, task.item, task.answers, manifest)
    except HostFailureError as error:
        return HostError(str(error))
    except Exception as error:
        return HostError(f"the grader failed ({type(error).__name__}: {error})")


def default_workers() -> int:
    """One process for each core that this process may use."""
    return max(1, len(os.sched_getaffinity(0)))
