"""Gives a submitted notebook the marks by which nbgrader knows its cells.

Students duplicate, split and delete cells, and some editors strip metadata. Scores do not depend
on that, but formgrader and feedback show a score only at a cell that bears its id. So each cell
of the assignment gets exactly one place: its own, that of its names, or a new one at the end.
Above each answer that a person grades stands the rubric of the manifest, not the student's copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course.manifest import Exercise

from ..submission.magics import python_source
from ..submission.names import names_of

if TYPE_CHECKING:
    from nbgrader.api import Notebook

MISSING = "This cell is not in the notebook that was handed in."


@dataclass(frozen=True)
class Tagged:
    """A cell of the assignment as the gradebook has it.

    Attributes:
        kind: ``code`` or ``markdown``.
        source: Its text as released.
        tag: nbgrader's metadata of it.
    """

    kind: str
    source: str
    tag: Mapping[str, Any]


def tagged_cells(notebook: Notebook) -> dict[str, Tagged]:
    """Reads the assignment's cells from the gradebook, in order."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    answers = {cell.name for cell in notebook.solution_cells}
    found = {}
    for cell in notebook.source_cells:
        tag = {
            "schema_version": 3,
            "grade_id": cell.name,
            "grade": cell.name in points,
            "solution": cell.name in answers,
            "locked": bool(cell.locked),
            "task": False,
            "cell_type": cell.cell_type,
        }
        if cell.name in points:
            tag["points"] = points[cell.name]
        if cell.checksum:
            tag["checksum"] = cell.checksum
        found[cell.name] = Tagged(cell.cell_type, cell.source or "", tag)
    return found


def restore(
    notebook: NotebookNode, known: Mapping[str, Tagged], exercises: Iterable[Exercise]
) -> None:
    """Marks the cells of a cleaned notebook, in place.

    Args:
        notebook: What `cleaned` gave.
        known: The assignment's cells.
        exercises: Its exercises, whose names tell an answer of which the mark is gone.
    """
    exercises = tuple(exercises)
    places = _places(notebook.cells, known)
    names = {exercise.id: frozenset(exercise.objects) for exercise in exercises}
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    taken = set(places.values())
    for name, tagged in known.items():
        place = places.get(name)
        if place is None and names.get(name):
            place = _by_names(notebook.cells, names[name], taken)
        if place is None:
            notebook.cells.append(_new(tagged, len(notebook.cells)))
            continue
        taken.add(place)
        notebook.cells[place] = _marked(notebook.cells[place], tagged)
    notebook.cells = _with_rubrics(notebook.cells, exercises)


def _with_rubrics(cells: list[NotebookNode], exercises: Iterable[Exercise]) -> list[NotebookNode]:
    """Puts each rubric right above its answer, and leaves the student's copies out."""
    rubrics = {e.id: e.rubric_text for e in exercises if e.manual}
    copies = {f"{name}_rubric" for name in rubrics}
    kept = [cell for cell in cells if cell.id not in copies or "nbgrader" in cell.metadata]
    taken = {cell.id for cell in kept}
    placed: list[NotebookNode] = []
    for cell in kept:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in rubrics:
            cell_id = f"{name}_rubric"
            while cell_id in taken:
                cell_id += "_"
            taken.add(cell_id)
            placed.append(new_markdown_cell(rubrics[name], id=cell_id))
        placed.append(cell)
    return placed


def _places(cells: list[NotebookNode], known: Mapping[str, Tagged]) -> dict[str, int]:
    """Finds cells by nbgrader's id, else by the format's; the last one counts, as in grading."""
    by_tag = {c.metadata.get("nbgrader", {}).get("grade_id"): i for i, c in enumerate(cells)}
    by_id = {c.id: i for i, c in enumerate(cells) if "nbgrader" not in c.metadata}
    found = {**by_id, **by_tag}
    return {name: found[name] for name in known if name in found}


def _by_names(cells: list[NotebookNode], wanted: frozenset[str], taken: set[int]) -> int | None:
    for place in reversed(range(len(cells))):
        if place not in taken and cells[place].cell_type == "code":
            names = names_of(python_source(cells[place].source))
            if wanted <= names.solved | names.assigned:
                return place
    return None


def _marked(cell: NotebookNode, tagged: Tagged) -> NotebookNode:
    if cell.cell_type != tagged.kind:
        make: Any = new_code_cell if tagged.kind == "code" else new_markdown_cell
        cell = make(cell.source, id=cell.id)
    if tagged.tag["locked"]:
        cell.source = tagged.source
        if tagged.kind == "code":
            cell.outputs = []
    cell.metadata["nbgrader"] = NotebookNode(tagged.tag)
    return cell


def _new(tagged: Tagged, number: int) -> NotebookNode:
    text = tagged.source if tagged.tag["locked"] else MISSING
    cell_id = f"missing-{number}"
    cell: NotebookNode
    if tagged.kind == "code":
        cell = new_code_cell(text if tagged.tag["locked"] else f"# {MISSING}", id=cell_id)
    else:
        cell = new_markdown_cell(text, id=cell_id)
    cell.metadata["nbgrader"] = NotebookNode(tagged.tag)
    return cell
