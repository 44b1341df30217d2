"""The steps of `nbgrader autograde` that grade the course's notebooks.

nbgrader converts a notebook twice: it makes a sane copy of what was handed in, then it runs that
copy and saves scores. Here the answers are graded at the first step, from what was handed in, by
the hidden checks; the copy is made safe to show; the second step saves. No kernel is started.
Notebooks that are not the course's go nbgrader's own way.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Unicode

from course.manifest import load_manifest

from ..results import SubmissionResult
from .assignment import is_ours, part_of
from .copies import shown_copy
from .database import opened, patiently
from .errors import GradebookError
from .restoring import tagged_cells
from .writer import write_submission

Step = tuple[NotebookNode, Any]
T = TypeVar("T")
# Seconds to wait for a gradebook that is locked or gone.
PATIENCE = 60.0


def for_others(step: type[Any]) -> type[Any]:
    """Makes one of nbgrader's steps leave the course's notebooks alone."""

    class Other(step):  # type: ignore[misc]
        def preprocess(self, nb: NotebookNode, resources: Any, *more: Any) -> Step:
            if is_ours(resources["nbgrader"]["notebook"]):
                return nb, resources
            done: Step = super().preprocess(nb, resources, *more)
            return done

    # Options are found, and messages are signed, under nbgrader's name of the step.
    Other.__name__ = Other.__qualname__ = step.__name__
    Other.__doc__ = step.__doc__
    return Other


class GradeAnswers(NbGraderPreprocessor):
    """Grades what was handed in, and makes of it the copy that people look at."""

    isolation = Unicode(
        "", help="strict, landlock or process: refuse to run below it; default: the strongest here."
    ).tag(config=True)

    servers: ClassVar[Any] = None
    graded: ClassVar[dict[tuple[str, ...], SubmissionResult]] = {}

    def preprocess(self, nb: NotebookNode, resources: Any) -> Step:
        """Takes the place of nbgrader's steps that tidy a notebook."""
        told = resources["nbgrader"]
        if not is_ours(told["notebook"]):
            return nb, resources
        folder = Path(resources["metadata"]["path"])
        result = self._grade(folder / f"{told['notebook']}.ipynb", told)
        self.graded[key_of(told)] = result
        manifest = load_manifest()
        known = _with_gradebook(
            told,
            lambda book: tagged_cells(book.find_notebook(told["notebook"], told["assignment"])),
        )
        return shown_copy(nb, known, result, manifest, part_of(told["notebook"])), resources

    def _grade(self, path: Path, told: Any) -> SubmissionResult:
        from ..failures import HostFailureError
        from ..grading.submission import grade_answers, read, refuse
        from ..sandbox import IsolationError
        from ..submission import Answers, Submission

        manifest = load_manifest()
        item = Submission(told["student"], told["notebook"], path)
        answers = read(item, manifest)
        try:
            servers = self._running()
            if isinstance(answers, Answers):
                result = grade_answers(servers, item, answers, manifest)
            else:
                result = refuse(answers, manifest, servers.level)
        except (HostFailureError, IsolationError) as error:
            raise NbGraderException(f"{told['student']}/{told['assignment']}: {error}") from error
        for repair in result.repairs:
            self.log.warning("%s", repair)
        return replace(result, assignment=told["assignment"])

    def _running(self) -> Any:
        """Gives the fork server of this process, which all notebooks share."""
        from ..grading.servers import Servers
        from ..sandbox import require

        if GradeAnswers.servers is None:
            GradeAnswers.servers = Servers(require(self.isolation or None))
            atexit.register(GradeAnswers.servers.drop)
        return GradeAnswers.servers


class SaveScores(NbGraderPreprocessor):
    """Saves the scores of a graded notebook; takes the place of `Execute` and `SaveAutoGrades`."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> Step:
        """Saves; the notebook stays as it is."""
        told = resources["nbgrader"]
        if not is_ours(told["notebook"]):
            return nb, resources
        result = GradeAnswers.graded.pop(key_of(told))
        manifest, name = load_manifest(), told["notebook"]
        notes = _with_gradebook(
            told,
            lambda book: write_submission(
                book, result, manifest, notebook=name, always_review=True
            ),
        )
        for note in notes:
            self.log.warning("%s", note)
        self.log.info("Score: %g of %g by checks", result.score, result.max_score)
        return nb, resources


def _with_gradebook(told: Any, do: Callable[[Any], T]) -> T:
    """Does something with the gradebook, and tries again while it is locked or gone."""

    def work() -> T:
        with opened(told["db_url"]) as gradebook:
            return do(gradebook)

    try:
        return patiently(work, told["db_url"], PATIENCE)
    except GradebookError as error:
        raise NbGraderException(f"{told['student']}/{told['assignment']}: {error}") from error


def key_of(told: Any) -> tuple[str, ...]:
    """Names a submitted notebook by nbgrader's resources of it."""
    return tuple(told[name] for name in ("db_url", "assignment", "student", "notebook"))
