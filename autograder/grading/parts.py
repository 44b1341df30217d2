"""Splits a submission by device, so that no CPU answer waits for a GPU; joins the results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from course.manifest import Manifest

from ..results import SubmissionResult
from ..submission import Answers, Submission
from .devices import Devices


class HostError(Exception):
    """The machine, not a submission, kept a submission from being graded."""


Outcome = SubmissionResult | HostError


@dataclass(frozen=True)
class Task:
    """One submission to grade, or the part of one that runs on one device.

    Attributes:
        key: Names the whole submission's content.
        item: The submission.
        answers: What its notebook holds.
        device: "cpu" or "cuda".
        only: Ids of the exercises of this part; None for all.
        parts: How many parts the submission has.
        quick: What the quick tier found, where trainings of the full tier are to be run.
        preset: The sizes of these trainings.
    """

    key: str
    item: Submission
    answers: Answers
    device: str = "cpu"
    only: tuple[str, ...] | None = None
    parts: int = 1
    quick: SubmissionResult | None = None
    preset: str = ""


def split(task: Task, manifest: Manifest, devices: Devices) -> list[Task]:
    """The parts of a submission: one for each device that its exercises run on."""
    by_device: dict[str, list[str]] = defaultdict(list)
    for exercise in manifest.of_part(task.item.assignment.removeprefix("part_")):
        # Where there is no answer, nothing will run.
        runs = task.answers.sources.get(exercise.id) is not None
        by_device[devices.of(exercise) if runs else "cpu"].append(exercise.id)
    if len(by_device) == 1:
        return [replace(task, device=device) for device in by_device]
    return [
        replace(task, device=device, only=tuple(ids), parts=len(by_device))
        for device, ids in sorted(by_device.items())
    ]


class Joiner:
    """Keeps outcomes of parts until their submission is whole."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.waiting: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)

    def add(self, task: Task, outcome: Outcome) -> Outcome | None:
        """The whole submission's outcome with the last of its parts, None before."""
        if task.parts == 1:
            return outcome
        name = (task.key, task.item.student, task.item.assignment)
        found = self.waiting[name]
        found.append(outcome)
        return self._joined(self.waiting.pop(name)) if len(found) == task.parts else None

    def _joined(self, found: list[Outcome]) -> Outcome:
        results = [part for part in found if isinstance(part, SubmissionResult)]
        if len(results) < len(found):
            return next(part for part in found if isinstance(part, HostError))
        order = list(self.manifest.exercises)
        exercises = [exercise for part in results for exercise in part.exercises]
        exercises.sort(key=lambda exercise: order.index(exercise.id))
        return replace(
            results[0],
            score=sum(part.score for part in results),
            max_score=sum(part.max_score for part in results),
            seconds=round(sum(part.seconds for part in results), 3),
            exercises=tuple(exercises),
        )
