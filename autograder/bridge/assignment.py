"""Brings an assignment of ours into nbgrader's gradebook, as `generate_assignment` would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.manifest import Exercise, Manifest

from .cells import check_cell
from .errors import GradebookError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

RELEASE = Path(__file__).resolve().parent.parent.parent / "release"


def part_of(notebook: str) -> str:
    """Gives the part, ``a`` or ``b``, that a notebook named ``part_a`` or ``part_b`` is."""
    return notebook.removeprefix("part_")


def is_ours(notebook: str) -> bool:
    """Says whether a notebook of this name is one of the course's."""
    return notebook in ("part_a", "part_b")


def grade_cell(exercise: Exercise) -> str:
    """Gives the id of the cell that bears an exercise's points."""
    return exercise.id if exercise.manual else check_cell(exercise.id)


def prepare_assignment(
    gradebook: Gradebook, assignment: str, notebook: str, manifest: Manifest
) -> list[str]:
    """Makes the assignment and its cells where they are missing; points are the manifest's.

    Returns:
        Lines for the instructor: points that were corrected.

    Raises:
        GradebookError: The release that tells the cells is not there.
    """
    from nbgrader.api import MissingEntry

    exercises = manifest.of_part(part_of(notebook))
    wanted = {grade_cell(exercise): exercise.points for exercise in exercises}
    try:
        known = gradebook.find_notebook(notebook, assignment)
        cells = {cell.name: cell for cell in known.grade_cells}
        fresh = not known.submissions and not wanted.keys() <= cells.keys()
    except MissingEntry:
        fresh = True
    if fresh:
        gradebook.update_or_create_assignment(assignment)
        _save_cells(gradebook, assignment, notebook)
        cells = {c.name: c for c in gradebook.find_notebook(notebook, assignment).grade_cells}
    notes = []
    for name, points in wanted.items():
        if name in cells and cells[name].max_score != points:
            notes.append(f"{assignment}: {name} is worth {points:g} points now")
            cells[name].max_score = points
    gradebook.db.commit()
    return [] if fresh else notes


def refuse_renamed(gradebook: Gradebook, assignment: str) -> None:
    """Sees that results do not go to a new assignment beside the one that the course has renamed.

    Raises:
        GradebookError: The gradebook has the notebook under another assignment's name only.
    """
    known = {str(one.name): {n.name for n in one.notebooks} for one in gradebook.assignments}
    others = sorted(name for name, notebooks in known.items() if assignment in notebooks)
    if others and assignment not in known:
        raise GradebookError(
            f"the gradebook has no assignment {assignment}, and its notebook under "
            f"{', '.join(others)}: where that is the same one, renamed, grade it by "
            f"`nbgrader autograde {others[0]}`; where it is not, add {assignment} by "
            f"`nbgrader db assignment add {assignment}` and write again"
        )


def _save_cells(gradebook: Gradebook, assignment: str, notebook: str) -> None:
    """Lets nbgrader read the cells from the students' notebook."""
    import nbformat
    from nbconvert.exporters.exporter import ResourcesDict
    from nbgrader.preprocessors import SaveCells

    path = RELEASE / notebook / f"{notebook}.ipynb"
    if not path.is_file():
        raise GradebookError(
            f"the gradebook does not know {assignment}, and {path} is not there to tell its cells: "
            "run `course build`"
        )
    # The session's transaction must end: nbgrader opens the gradebook a second time.
    gradebook.db.commit()
    told = {"notebook": notebook, "assignment": assignment}
    resources = ResourcesDict(nbgrader={**told, "db_url": _url(gradebook)})
    SaveCells().preprocess(nbformat.read(path, as_version=4), resources)
    gradebook.db.expire_all()


def _url(gradebook: Gradebook) -> str:
    return str(gradebook.engine.url.render_as_string(hide_password=False))
