"""What a student is shown of a result: points and authored messages, nothing of the class."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.findings import line
from autograder.report.summary import checked_points, is_manual, outcome, share
from autograder.results import CheckOutcome, SubmissionResult
from course.exercise import Manifest


@dataclass(frozen=True)
class FeedbackAnswer:
    """One exercise on a student's page."""

    section: str
    title: str
    manual: bool
    outcome: str
    score: float
    max_score: float
    message: str
    checks: tuple[CheckOutcome, ...]


@dataclass(frozen=True)
class Feedback:
    """One assignment on a student's page.

    Attributes:
        assignment: The assignment.
        checked: Points given by checks.
        possible: Points that checks can give.
        by_hand: Points that are given by hand.
        share: ``checked`` as a share of ``possible``, in [0, 1].
        repairs: What was put right when the notebook was read.
        trainings: What trainings with the answers gave, one line each.
        answers: Its exercises.
    """

    assignment: str
    checked: float
    possible: float
    by_hand: float
    share: float
    repairs: tuple[str, ...]
    trainings: tuple[str, ...]
    answers: tuple[FeedbackAnswer, ...]


def feedback_of(result: SubmissionResult, manifest: Manifest) -> Feedback:
    """Takes from a result what its student may see."""
    checked, possible = checked_points(result, manifest)
    answers = []
    for exercise in result.exercises:
        known = manifest.exercises.get(exercise.id)
        answers.append(
            FeedbackAnswer(
                section=known.section if known else "",
                title=known.title if known else exercise.id,
                manual=is_manual(exercise, manifest),
                outcome=outcome(exercise),
                score=exercise.score,
                max_score=exercise.max_score,
                message=exercise.message,
                checks=exercise.checks,
            )
        )
    return Feedback(
        assignment=result.assignment,
        checked=checked,
        possible=possible,
        by_hand=result.max_score - possible,
        share=share(checked, possible),
        repairs=result.repairs,
        trainings=tuple(map(line, result.trainings)),
        answers=tuple(answers),
    )
