"""Results of exercises of which nothing is run."""

from __future__ import annotations

from course.manifest import Exercise

from .. import results
from ..results import ExerciseResult, Status
from ..submission import ManualAnswer


def manual_result(exercise: Exercise, answer: ManualAnswer | None) -> ExerciseResult:
    """The result of an exercise that a person grades: 0 points for now, and what is there."""
    if answer is None or not answer.found:
        message = "The cell of this exercise is not in your notebook."
    elif exercise.kind == "figure":
        count = answer.pictures
        message = f"{count} picture(s) handed in." if count else "No picture was handed in."
    else:
        message = "An answer was handed in." if answer.present else "No answer was handed in."
    return without_checks(exercise, "manual", message)


def refused_result(exercise: Exercise, message: str) -> ExerciseResult:
    """The result of an exercise of a notebook that could not be read."""
    return without_checks(exercise, "manual" if exercise.manual else "missing", message)


def without_checks(exercise: Exercise, status: Status, message: str) -> ExerciseResult:
    """The result of an exercise whose checks did not run: no points, one message for each."""
    checks = tuple(
        results.CheckOutcome(name, 0.0, points, message) for name, points in exercise.checks.items()
    )
    return ExerciseResult(exercise.id, 0.0, exercise.points, status, None, message, checks)
