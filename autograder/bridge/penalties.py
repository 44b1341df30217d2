"""Late penalties as a course's own `nbgrader_config.py` asks for them.

`nbgrader autograde` assigns them itself. A gradebook that `autograder grade` fills in gets the same
ones: by the plugin of the course's configuration, which is read where nbgrader's layout has it,
beside the folder `submitted`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import GradebookError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NAME = "nbgrader_config"


class LatePenalties:
    """The late-submission plugin of a course.

    Args:
        submitted: The folder that is graded.

    Raises:
        GradebookError: The course's configuration, or its plugin, cannot be loaded.
    """

    def __init__(self, submitted: Path | None) -> None:
        self.path = submitted.resolve().parent / f"{NAME}.py" if submitted else None
        self._plugin: Any = None
        if self.path is not None and self.path.is_file():
            try:
                self._plugin = _plugin_of(self.path)
            except Exception as error:  # whatever an instructor's own file raises
                words = " ".join(str(error).split())[:200]
                raise GradebookError(
                    f"{self.path}: {type(error).__name__}: {words}: correct it; late penalties "
                    "are assigned by it"
                ) from error

    def assign(self, gradebook: Gradebook, assignment: str, notebook: str, student: str) -> None:
        """Assigns the penalty of a submission whose scores are in the gradebook.

        Where the course has no configuration, what is there stays. The caller commits.

        Raises:
            GradebookError: The plugin failed.
        """
        if self._plugin is None:
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
                    f"{self.path}: the late-submission plugin failed for {student}/{assignment} "
                    f"({type(error).__name__}: {error}): correct it, then write again"
                ) from error
        own.late_submission_penalty = None if penalty is None else min(max(penalty, 0), own.score)


def _plugin_of(path: Path) -> Any:
    """Loads the plugin that a configuration names; nbgrader's own penalises nobody."""
    from nbgrader.apps.baseapp import NbGrader
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.config.loader import Config, PyFileConfigLoader

    app = NbGrader()
    app.load_cwd_config = False
    app.log.setLevel("ERROR")
    app.load_config_file()
    config = Config(app.config)
    config.merge(PyFileConfigLoader(path.name, path=str(path.parent)).load_config())
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    return step.plugin_inst
