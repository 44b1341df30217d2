"""Late penalties as a course's own configuration asks for them.

`nbgrader autograde` assigns them itself. A gradebook that `autograder grade` fills in gets the same
ones, by the same plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .course import Course, refusal
from .errors import GradebookError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


class LatePenalties:
    """The late-submission plugin of a course.

    Args:
        course: The course; without one no penalty is assigned, and none is taken away.

    Raises:
        GradebookError: The plugin cannot be loaded.
    """

    def __init__(self, course: Course | None) -> None:
        self.course = course
        self._plugin: Any = None
        if course is not None:
            try:
                self._plugin = _plugin_of(course)
            except Exception as error:  # the plugin is the instructor's own
                raise refusal(course.path, error) from error

    def assign(self, gradebook: Gradebook, assignment: str, notebook: str, student: str) -> None:
        """Assigns the penalty of a submission whose scores are in the gradebook.

        The caller commits.

        Raises:
            GradebookError: The plugin failed.
        """
        if self.course is None:
            return
        submission = gradebook.find_submission(assignment, student)
        own: Any = gradebook.find_submission_notebook(notebook, assignment, student)
        gradebook.db.refresh(own)
        penalty, late = None, submission.total_seconds_late
        if late > 0:
            try:
                penalty = self._plugin.late_submission_penalty(student, own.score, late)
            except Exception as error:  # the plugin is the instructor's own
                raise GradebookError(
                    f"{self.course.path}: the late-submission plugin failed for "
                    f"{student}/{assignment} ({type(error).__name__}: {error}): correct it, then "
                    "write again"
                ) from error
        own.late_submission_penalty = None if penalty is None else min(max(penalty, 0), own.score)


def _plugin_of(course: Course) -> Any:
    """Loads the plugin that a configuration names; nbgrader's own penalises nobody."""
    from nbgrader.preprocessors import AssignLatePenalties

    step = AssignLatePenalties(config=course.config)
    step.init_plugin()
    return step.plugin_inst
