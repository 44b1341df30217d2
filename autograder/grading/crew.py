"""Grades submissions in several processes, each with a fork server of its own.

A process that dies costs one attempt at the submission that it was grading, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from ..sandbox.gpus import Gpu
from .nursery import Nursery
from .parts import HostError, Outcome, Task

ATTEMPTS = 3


@dataclass(frozen=True, eq=False)
class Place:
    """Room for one process of the crew, with or without a card."""

    gpu: Gpu | None

    @property
    def device(self) -> str:
        """What its process grades: what runs on the CPU, or what runs on a GPU."""
        return "cuda" if self.gpu else "cpu"


class _Member:
    """One process of the crew, its place, and what it is doing."""

    def __init__(self, nursery: Nursery, place: Place) -> None:
        self.place = place
        self.process = nursery.process(place.gpu)
        self.connection = self.process.connection
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
        self.process.end(at_once)


def grade_all(
    tasks: Iterable[Task],
    nursery: Nursery,
    workers: int,
    slots: Sequence[Gpu] = (),
) -> Generator[tuple[Task, Outcome], None, None]:
    """Results as they come, in no order; closing the iterator ends every process.

    Args:
        tasks: What to grade; any number.
        nursery: Where processes come from; it is closed at the end.
        workers: Number of processes for what runs on the CPU.
        slots: A card for each process that grades what runs on a GPU.
    """
    places = [*(Place(None) for _ in range(workers)), *map(Place, slots)]
    crew = _Crew(tasks, nursery, places)
    try:
        yield from crew.run()
        crew.dismiss(at_once=False)
    finally:
        crew.dismiss(at_once=True)


class _Crew:
    """The processes, what waits for them, and how often each task was tried."""

    def __init__(
        self,
        tasks: Iterable[Task],
        nursery: Nursery,
        places: Sequence[Place],
    ) -> None:
        # One queue for each device: what runs on the CPU never waits for a GPU.
        self.waiting: dict[str, deque[tuple[Task, int]]] = {"cpu": deque(), "cuda": deque()}
        for task in tasks:
            self.waiting[task.device].append((task, 1))
        self.nursery = nursery
        self.free = list(places)
        self.members: list[_Member] = []
        self.attempt: dict[_Member, int] = {}

    def run(self) -> Iterator[tuple[Task, Outcome]]:
        """Gives out tasks until each has an outcome."""
        while any(self.waiting.values()) or any(member.task for member in self.members):
            self._give_out()
            busy = {member.connection: member for member in self.members if member.task}
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                yield from self._finished(busy[connection])

    def dismiss(self, at_once: bool) -> None:
        """Ends every process; each has its end of grading to do, so all are told first."""
        for member in self.members:
            member.connection.close()
        while self.members:
            self.members.pop().dismiss(at_once)
        self.nursery.close()

    def _give_out(self) -> None:
        for member in [member for member in self.members if member.task is None]:
            self._next(member)
        for place in [place for place in self.free if self.waiting[place.device]]:
            self.free.remove(place)
            self.members.append(_Member(self.nursery, place))
            self._next(self.members[-1])

    def _next(self, member: _Member) -> None:
        if queue := self.waiting[member.place.device]:
            task, self.attempt[member] = queue.popleft()
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
        self.free.append(member.place)
        member.dismiss(at_once=True)
        if attempt < ATTEMPTS:
            self.waiting[task.device].append((task, attempt + 1))
        else:
            yield task, HostError(f"the process that graded it died {ATTEMPTS} times")


def default_workers() -> int:
    """One process for each core that this process may use."""
    return max(1, len(os.sched_getaffinity(0)))
