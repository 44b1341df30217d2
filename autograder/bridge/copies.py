"""The copy of a submission that people look at: harmless, with its marks, rubrics and checks.

`nbgrader autograde` puts it into the course's folder `autograded`, and formgrader shows only those
submissions that it finds there. `autograder grade --gradebook` puts the same ones there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course.manifest import Manifest

from ..results import SubmissionResult, to_json_line, write_atomically
from ..submission import Submission, SubmissionError
from ..submission.files import read_text
from ..submission.finding import find_submissions
from ..submission.notebook import read_cells
from .assignment import part_of
from .cells import check_cell, plain
from .cleaning import cleaned
from .course import Course
from .restoring import Tagged, restore, tagged_cells

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

# Where a copy says what it was made of.
_KEY = "made_of"


def shown_copy(
    notebook: Any,
    known: Mapping[str, Tagged],
    result: SubmissionResult,
    manifest: Manifest,
    part: str,
) -> NotebookNode:
    """Makes the copy of a submitted notebook.

    Args:
        notebook: What was handed in, of format 4.
        known: The assignment's cells.
        result: What was graded.
        manifest: The course's exercises.
        part: The notebook's part, ``a`` or ``b``.
    """
    made = cleaned(notebook)
    restore(made, known, manifest.of_part(part))
    _show_checks(made, result)
    return made


def _show_checks(nb: NotebookNode, result: SubmissionResult) -> None:
    """Puts what each check said below the locked cell that bears the points."""
    texts = {}
    for exercise in result.exercises:
        lines = [
            f"{'passed' if check.passed else 'not passed'}: {check.name} "
            f"({check.score:g} of {check.max_score:g})"
            + (f": {check.message}" if check.message else "")
            for check in exercise.checks
        ]
        texts[check_cell(exercise.id)] = "".join(f"{line}\n" for line in lines)
    for cell in nb.cells:
        text = texts.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if text and cell.cell_type == "code":
            cell.outputs = [new_output("stream", name="stdout", text=text)]


class Copies:
    """The folder `autograded` of a course.

    Args:
        course: The course; without one no copy is made.
        submitted: The folder that is graded.
        manifest: The course's exercises.
    """

    def __init__(self, course: Course | None, submitted: Path | None, manifest: Manifest) -> None:
        self.folder = course.autograded if course else None
        self.manifest = manifest
        self._found: dict[tuple[str, str], Path] = {}
        self._known: dict[str, dict[str, Tagged]] = {}
        if self.folder is not None and submitted is not None:
            with suppress(SubmissionError):
                found = find_submissions(submitted)
                notebooks = (item for item in found if isinstance(item, Submission))
                self._found = {(n.student, n.assignment): n.path for n in notebooks}

    def make(self, gradebook: Gradebook, result: SubmissionResult) -> None:
        """Makes the copy of a submission, unless it is there; none where it could not be read.

        Raises:
            OSError: The folder cannot be written.
        """
        name = result.assignment
        path = self._found.get((result.student, name))
        if path is None or self.folder is None:
            return
        try:
            read_cells(path)  # refuses what is no notebook of format 4
            text = read_text(path)
        except SubmissionError:
            return
        said = f"{to_json_line(result)}\n{text}".encode("utf-8", "backslashreplace")
        key = hashlib.sha256(said).hexdigest()
        target = self.folder / plain(result.student) / name / f"{name}.ipynb"
        if _key_of(target) == key:
            return
        if name not in self._known:
            self._known[name] = tagged_cells(gradebook.find_notebook(name, name))
        made = shown_copy(json.loads(text), self._known[name], result, self.manifest, part_of(name))
        made.metadata[_KEY] = key
        write_atomically(target, nbformat.writes(made))


def _key_of(path: Path) -> str | None:
    """Tells what a copy was made of; None where it is missing or another program's."""
    try:
        return str(json.loads(path.read_text("utf-8"))["metadata"][_KEY])
    except (OSError, ValueError, KeyError, TypeError):
        return None
