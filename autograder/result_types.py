"""The types of a result: a submission, its exercises, their checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from autograder.findings import Finding

Status = Literal["passed", "failed", "missing", "error", "timeout", "manual"]
STATUSES: Final[tuple[str, ...]] = get_args(Status)


@dataclass(frozen=True)
class CheckOutcome:
    """What one named check of an exercise gave.

    Attributes:
        name: The check's name in the manifest.
        score: Points given, in [0, max_score].
        max_score: Points that the check is worth.
        message: The authored message; empty where the check passed.
    """

    name: str
    score: float
    max_score: float
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether the check gave all its points."""
        return self.score >= self.max_score


@dataclass(frozen=True)
class ExerciseResult:
    """What one exercise gave.

    Attributes:
        id: The exercise's id in the manifest.
        score: Points given.
        max_score: Points that the exercise is worth.
        status: One of ``STATUSES``.
        diagnosis: The slug of the recognised mistake, or None.
        message: What the student is told; no hidden material.
        checks: The outcome of each named check, in the manifest's order.
        picture: A WebP file for the instructor: what a wrong answer draws beside what the
            solution draws; empty where there is none. It is not part of ``results.jsonl``.
        device: Where the answer ran, ``cpu`` or ``cuda``; None where nothing ran.
        limit: The limit that the answer reached first, such as ``memory``; None for none.
        seconds: Wall-clock time that grading took.
    """

    id: str
    score: float
    max_score: float
    status: Status
    diagnosis: str | None = None
    message: str = ""
    checks: tuple[CheckOutcome, ...] = ()
    picture: bytes = field(default=b"", compare=False, repr=False)
    device: str | None = None
    limit: str | None = None
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class SubmissionResult:
    """What one student's submission of one assignment gave.

    Attributes:
        student: The student's id: the name of the folder under ``submitted``.
        assignment: The assignment's name, such as ``part_a``.
        score: The sum of the exercises' scores.
        max_score: The sum of what the exercises are worth.
        isolation: The isolation level that was in force.
        seconds: Wall-clock time that grading took.
        exercises: Every exercise of the assignment, in the manifest's order.
        repairs: What was put right when the notebook was read, one line each.
        tier: quick; full where the assignment's networks were trained as well, full-reduced or
            full-smoke where smaller ones were.
        trainings: What the full tier found.
    """

    student: str
    assignment: str
    score: float
    max_score: float
    isolation: str
    seconds: float
    exercises: tuple[ExerciseResult, ...] = ()
    repairs: tuple[str, ...] = ()
    tier: str = "quick"
    trainings: tuple[Finding, ...] = ()
