"""Grades one exercise of one submission in a worker of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

from course.manifest import Exercise, Limits

from .. import results
from ..bank import Mistake
from ..checking import CheckOutcome, check_module, run_checks
from ..diagnosis import behaviour, diagnose
from ..portraits import portrait
from ..results import ExerciseResult, Status
from ..sandbox import ForkServerError, ForkServerHandle, RemoteSubject
from ..subject import StudentError
from ..worker.confine import Caps
from .budget import Budget
from .servers import Servers
from .unrun import without_checks

ATTEMPTS = 3
MISSING = "There is no answer to this exercise in your notebook."


ENDED = (
    "Each time your answer ran, the process that runs answers was ended: no check could be done."
)


def grade_surely(
    servers: Servers, exercise: Exercise, source: str | None, budget: Budget | None = None
) -> ExerciseResult:
    """The result of a coding exercise, also where the fork server dies on the way.

    Raises:
        ForkServerError: The host failed, not the answer.
    """
    for attempt in range(ATTEMPTS):
        server = servers.get()
        try:
            return grade_exercise(server, exercise, source, budget)
        except ForkServerError:
            servers.drop()
            # Only at level process can an answer kill the fork server, and so itself.
            if attempt == ATTEMPTS - 1 and servers.level != "process":
                raise
    return without_checks(exercise, "error", ENDED)


def grade_exercise(
    server: ForkServerHandle,
    exercise: Exercise,
    source: str | None,
    budget: Budget | None = None,
) -> ExerciseResult:
    """The result of a coding exercise.

    Args:
        server: Where the worker is forked from.
        exercise: The exercise, with its limits.
        source: The student's cells, or None where there are none.
        budget: What its submission may still use; it is lowered by what this takes.

    Raises:
        ForkServerError: The host failed, not the answer.
    """
    if source is None:
        return without_checks(exercise, "missing", MISSING)
    if budget is not None and budget.exhausted:
        return replace(without_checks(exercise, "timeout", budget.exhausted), limit="submission")
    limits = budget.share(exercise.limits) if budget else exercise.limits
    start = time.monotonic()
    student = RemoteSubject(server, limits.wall, caps_of(limits))
    try:
        outcomes = run_checks(check_module(exercise.id), student, source, exercise.checks)
        settled = _settled(outcomes)
        mistake = None if settled else _diagnosis(exercise.id, student)
        picture = b"" if settled else portrait(exercise.id, student)
    finally:
        student.close()
    result = _result(exercise, outcomes, mistake, picture)
    seconds = time.monotonic() - start
    if budget is not None:
        budget.spend(seconds, student.cpu)
    return replace(result, device=student.device, seconds=round(seconds, 3))


def caps_of(limits: Limits) -> Caps:
    """What a worker may use, by an exercise's limits."""
    return Caps(
        cpu=max(1, math.ceil(limits.cpu)),
        memory_mib=limits.memory_mib,
        scratch_mib=limits.file_mib,
        processes=limits.processes,
        files=limits.descriptors,
        reply_mib=limits.reply_mib,
        output_mib=limits.output_mib,
        vram_mib=limits.vram_mib,
    )


def _settled(outcomes: Sequence[CheckOutcome]) -> bool:
    """Whether there is nothing to diagnose: all passed, or nothing to call."""
    kinds = {outcome.kind for outcome in outcomes}
    return kinds <= {"passed"} or bool(kinds & {"timeout", "killed", "protocol", "syntax"})


def _diagnosis(exercise_id: str, student: RemoteSubject) -> Mistake | None:
    try:
        return diagnose(exercise_id, behaviour(exercise_id, student))
    except StudentError:
        return None


def _result(
    exercise: Exercise,
    outcomes: Sequence[CheckOutcome],
    mistake: Mistake | None,
    picture: bytes,
) -> ExerciseResult:
    checks = tuple(
        results.CheckOutcome(o.name, points if o.passed else 0.0, points, o.message)
        for o, points in zip(outcomes, exercise.checks.values(), strict=True)
    )
    score = sum(check.score for check in checks)
    status = _status(outcomes)
    wrong = [outcome.message for outcome in outcomes if not outcome.passed]
    parts = [f"{mistake.says} {mistake.hint}"] if mistake else []
    message = " ".join([*parts, *wrong[:1]])
    slug = mistake.slug if mistake else None
    limit = next((outcome.limit for outcome in outcomes if outcome.limit), None)
    return ExerciseResult(
        exercise.id, score, exercise.points, status, slug, message, checks, picture, limit=limit
    )


def _status(outcomes: Sequence[CheckOutcome]) -> Status:
    kinds = {outcome.kind for outcome in outcomes} - {"passed"}
    if not kinds:
        return "passed"
    if "timeout" in kinds:
        return "timeout"
    if kinds == {"not_implemented"} and not any(outcome.passed for outcome in outcomes):
        return "missing"
    return "failed" if kinds & {"failed", "not_implemented"} else "error"
