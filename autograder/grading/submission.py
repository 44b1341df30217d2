"""Grades one notebook."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from course.manifest import Manifest

from ..results import ExerciseResult, SubmissionResult
from ..submission import Answers, Refusal, Submission, SubmissionError, read_answers
from .budget import Budget
from .unrun import manual_result, refused_result

if TYPE_CHECKING:
    from .servers import Servers


def read(item: Submission | Refusal, manifest: Manifest) -> Answers | Refusal:
    """What a notebook holds, or why it cannot be read."""
    if isinstance(item, Refusal):
        return item
    try:
        return read_answers(Path(item.path), manifest, item.assignment)
    except SubmissionError as error:
        return Refusal(item.student, item.assignment, str(error))


def grade_answers(
    servers: Servers,
    item: Submission,
    answers: Answers,
    manifest: Manifest,
    only: Collection[str] | None = None,
) -> SubmissionResult:
    """The result of a notebook that was read.

    Args:
        servers: Where workers come from.
        item: The submission.
        answers: What its notebook holds.
        manifest: The exercises.
        only: Ids of the exercises to grade; None for all.

    Raises:
        ForkServerError: The host failed, not an answer.
    """
    # Who only reads notebooks has no need of torch.
    from .exercise import grade_surely

    start = time.perf_counter()
    budget = Budget(manifest.submission)
    found: list[ExerciseResult] = []
    for exercise in manifest.of_part(item.assignment.removeprefix("part_")):
        if only is not None and exercise.id not in only:
            continue
        if exercise.manual:
            found.append(manual_result(exercise, answers.manual.get(exercise.id)))
        else:
            source = answers.sources.get(exercise.id)
            found.append(grade_surely(servers, exercise, source, budget))
    seconds = time.perf_counter() - start
    return _summed(item.student, item.assignment, servers.level, seconds, found, answers.repairs)


def refuse(refusal: Refusal, manifest: Manifest, level: str) -> SubmissionResult:
    """The result of a notebook that could not be read: no point, and why."""
    exercises = manifest.of_part(refusal.assignment.removeprefix("part_"))
    found = [refused_result(exercise, refusal.message) for exercise in exercises]
    notes = (refusal.message,)
    return _summed(refusal.student, refusal.assignment, level, 0.0, found, notes)


def _summed(
    student: str,
    assignment: str,
    level: str,
    seconds: float,
    found: list[ExerciseResult],
    repairs: tuple[str, ...],
) -> SubmissionResult:
    return SubmissionResult(
        student,
        assignment,
        sum(exercise.score for exercise in found),
        sum(exercise.max_score for exercise in found),
        level,
        round(seconds, 3),
        tuple(found),
        repairs,
    )
