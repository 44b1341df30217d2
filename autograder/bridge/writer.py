"""Writes results into nbgrader's gradebook, from one process, a submission at a time.

Scores go to ``auto_score`` and messages to ``auto_comment``. What people gave (manual scores,
extra credit, comments of their own) is never touched; nbgrader lets it take precedence. A manual
score is marked for review when what the grader says has changed. Late penalties follow the score
by the plugin of the course's configuration, as in nbgrader, and formgrader's copies are made.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.manifest import Manifest

from ..results import SubmissionResult
from .address import database_url, shown
from .assignment import prepare_assignment, refuse_renamed
from .cells import Marks, marks_of, plain
from .course import course_of
from .database import check_schema, opened, patiently, require_nbgrader
from .penalties import LatePenalties
from .timestamps import timestamp_of

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

Progress = Callable[[int, int], None]


class GradebookWriter:
    """Fills a gradebook in.

    Args:
        place: The gradebook's file, or its database's URL.
        manifest: The course's exercises.
        patience: Seconds to wait for a database that is locked or gone.

    Raises:
        GradebookError: No such kind of database.
    """

    def __init__(self, place: str, manifest: Manifest, patience: float = 60.0) -> None:
        self.url = database_url(place)
        self.manifest = manifest
        self.patience = patience

    def check(self, submitted: Path | None = None) -> list[str]:
        """Sees that the gradebook can be used, so that this is known before a class is graded.

        Args:
            submitted: The folder to be graded, for the course's late penalties.

        Returns:
            A line for the instructor where there is none yet.

        Raises:
            GradebookError: It cannot be used, or the course's configuration cannot.
        """
        require_nbgrader()
        LatePenalties(course_of(submitted))
        empty = patiently(lambda: check_schema(self.url), self.url, self.patience)
        return [f"{shown(self.url)} is a new gradebook"] if empty else []

    def write(
        self,
        results: Iterable[SubmissionResult],
        submitted: Path | None = None,
        progress: Progress = lambda _done, _total: None,
    ) -> list[str]:
        """Writes results; the same ones may be written any number of times.

        Args:
            results: What was graded.
            submitted: The folder that was graded, for nbgrader's ``timestamp.txt`` files.
            progress: Called with the number of submissions done and in all.

        Returns:
            Lines for the instructor: students who were added, cells that the gradebook lacks.

        Raises:
            GradebookError: The gradebook cannot be used, or an assignment was renamed in it. What
                was written before is kept.
        """
        require_nbgrader()
        todo, notes = list(results), dict[str, None]()
        waiting, finish = list(todo), self._finisher(submitted)

        def work() -> None:
            with opened(self.url) as gradebook:
                for assignment in sorted({result.assignment for result in waiting}):
                    refuse_renamed(gradebook, assignment)
                while waiting:
                    found = write_submission(gradebook, waiting[0], self.manifest, submitted)
                    notes.update(dict.fromkeys(found))
                    finish(gradebook, waiting[0])
                    waiting.pop(0)
                    progress(len(todo) - len(waiting), len(todo))

        # Each lost connection counts alone: a class takes longer than a database is waited for.
        while waiting:
            left = len(waiting)
            try:
                patiently(work, self.url, self.patience)
            except Exception:
                if len(waiting) == left:
                    raise
        return list(notes)

    def _finisher(self, submitted: Path | None) -> Callable[[Gradebook, SubmissionResult], None]:
        """Gives what is left to do for a submission that is in the gradebook."""
        from .copies import Copies

        course = course_of(submitted)
        penalties, copies = LatePenalties(course), Copies(course, submitted, self.manifest)

        def finish(gradebook: Gradebook, result: SubmissionResult) -> None:
            name = result.assignment
            penalties.assign(gradebook, name, name, plain(result.student))
            gradebook.db.commit()
            copies.make(gradebook, result)

        return finish


def write_submission(
    gradebook: Gradebook,
    result: SubmissionResult,
    manifest: Manifest,
    submitted: Path | None = None,
    notebook: str | None = None,
    always_review: bool = False,
) -> list[str]:
    """Writes one result into an open gradebook, its scores in one transaction.

    Args:
        gradebook: nbgrader's.
        result: What was graded.
        manifest: The course's exercises.
        submitted: The folder that was graded, for ``timestamp.txt``.
        notebook: The notebook's name; that of the assignment by default.
        always_review: Marks each manual score for review, as `nbgrader autograde` does.

    Returns:
        Lines for the instructor.
    """
    notebook = notebook or result.assignment
    notes = prepare_assignment(gradebook, result.assignment, notebook, manifest)
    student = plain(result.student)
    notes += _add_student(gradebook, student)
    stamp, more = timestamp_of(submitted, result)
    notes += more
    _add_submission(gradebook, result.assignment, student, stamp)
    rows = _Rows(gradebook, result.assignment, notebook, student)
    for exercise in result.exercises:
        marks = marks_of(exercise, result.repairs)
        if not rows.fill(marks, always_review):
            notes.append(
                f"the gradebook has no cell {marks.grade_cell} in {result.assignment}: "
                "its points are in results.jsonl only; bring the assignment up to date with "
                f"`nbgrader generate_assignment {result.assignment}`, then write again"
            )
    gradebook.db.commit()
    return notes


def _add_student(gradebook: Gradebook, student: str) -> list[str]:
    from nbgrader.api import MissingEntry

    try:
        gradebook.find_student(student)
    except MissingEntry:
        gradebook.add_student(student)
        return [f"{student} was not in the gradebook, and is now"]
    return []


def _add_submission(
    gradebook: Gradebook, assignment: str, student: str, stamp: dt.datetime | None
) -> None:
    from sqlalchemy.exc import SAWarning

    with warnings.catch_warnings():
        # nbgrader builds its rows in a way that SQLAlchemy 2 comments on.
        warnings.simplefilter("ignore", SAWarning)
        known: dict[str, Any] = {"timestamp": stamp} if stamp else {}
        gradebook.update_or_create_submission(assignment, student, **known)


class _Rows:
    """A submission's grades and comments by the names of their cells."""

    def __init__(self, gradebook: Gradebook, assignment: str, notebook: str, student: str) -> None:
        from nbgrader import api

        self.api: Any = api
        self.notebook = gradebook.find_submission_notebook(notebook, assignment, student)
        own: Any = gradebook.db.query(api.BaseCell.id, api.BaseCell.name, api.BaseCell.type).filter(
            api.BaseCell.notebook_id == self.notebook.notebook_id
        )
        self.cells = {(name, kind): cell for cell, name, kind in own}
        self.grades = {grade.cell_id: grade for grade in self.notebook.grades}
        self.comments = {comment.cell_id: comment for comment in self.notebook.comments}

    def fill(self, marks: Marks, always_review: bool) -> bool:
        """Fills in one exercise; False where the gradebook has no cell for its points."""
        cell = self.cells.get((marks.grade_cell, "GradeCell"))
        if cell is None:
            return False
        grade = self.grades.get(cell) or self.api.Grade(cell_id=cell, notebook=self.notebook)
        new = grade.auto_score != marks.score
        grade.auto_score = marks.score
        changed = self._comment(marks) or new
        if grade.manual_score is None:
            grade.needs_manual_grade = marks.score is None
        elif changed or always_review:
            grade.needs_manual_grade = True
        return True

    def _comment(self, marks: Marks) -> bool:
        """Fills in the comment; says whether it has changed."""
        cell = self.cells.get((marks.comment_cell, "SolutionCell"))
        if cell is None:
            return False
        comment = self.comments.get(cell) or self.api.Comment(cell_id=cell, notebook=self.notebook)
        changed = comment.auto_comment != marks.comment
        comment.auto_comment = marks.comment
        return bool(changed)
