"""An nbgrader course's own configuration, where nbgrader's layout has it: beside `submitted`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import GradebookError

NAME = "nbgrader_config.py"


@dataclass(frozen=True)
class Course:
    """A course of nbgrader's.

    Attributes:
        path: Its configuration.
        config: What that says, over what the user's own says.
    """

    path: Path
    config: Any

    @property
    def autograded(self) -> Path:
        """The folder of the copies that formgrader shows."""
        name = self.config.CourseDirectory.get("autograded_directory", "autograded")
        return self.path.parent / str(name)


def course_of(submitted: Path | None) -> Course | None:
    """Reads the configuration of the course that a folder of submissions belongs to.

    Raises:
        GradebookError: It cannot be loaded.
    """
    path = submitted.resolve().parent / NAME if submitted else None
    if path is None or not path.is_file():
        return None
    try:
        return Course(path, _loaded(path))
    except Exception as error:  # whatever an instructor's own file raises
        raise refusal(path, error) from error


def refusal(path: Path, error: Exception) -> GradebookError:
    """Says in a line what is wrong with a configuration."""
    words = " ".join(str(error).split())[:200]
    return GradebookError(
        f"{path}: {type(error).__name__}: {words}: correct it; late penalties are assigned by it"
    )


def _loaded(path: Path) -> Any:
    from nbgrader.apps.baseapp import NbGrader
    from traitlets.config.loader import Config, PyFileConfigLoader

    app = NbGrader()
    app.load_cwd_config = False
    app.log.setLevel("ERROR")
    app.load_config_file()
    config = Config(app.config)
    config.merge(PyFileConfigLoader(path.name, path=str(path.parent)).load_config())
    return config
