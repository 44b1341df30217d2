"""Which cells of a notebook an exercise has in nbgrader's gradebook."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..results import ExerciseResult

# A tag or a comment may begin here; nbgrader renders comments as Markdown with raw HTML.
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")


@dataclass(frozen=True)
class Marks:
    """What the gradebook is to hold of one exercise.

    Attributes:
        grade_cell: The cell that bears the points.
        comment_cell: The cell that bears the comment.
        points: Points that it is worth.
        score: Points given; None where a person has to give them.
        comment: What the student is told; None for nothing.
    """

    grade_cell: str
    comment_cell: str
    points: float
    score: float | None
    comment: str | None


def check_cell(exercise_id: str) -> str:
    """Gives the id of the locked cell that bears the points of a coding exercise."""
    return f"{exercise_id}_check"


def marks_of(exercise: ExerciseResult, repairs: tuple[str, ...] = ()) -> Marks:
    """Gives what the gradebook is to hold of an exercise.

    Args:
        exercise: Its result.
        repairs: What was said when the notebook was read. Where an exercise's message is among
            it, the notebook could not be read, and there is nothing for a person to grade.
    """
    comment = plain(exercise.message) or None
    if exercise.status != "manual":
        cell = check_cell(exercise.id)
        return Marks(cell, exercise.id, exercise.max_score, exercise.score, comment)
    unread = bool(exercise.message) and exercise.message in repairs
    score = 0.0 if unread else None
    return Marks(exercise.id, exercise.id, exercise.max_score, score, comment)


def plain(text: str) -> str:
    """Gives a message as text that is no markup and that every database can hold."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "�")
    return _MARKUP.sub("<\u200b", text)
