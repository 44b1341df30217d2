"""Writes the sample class: release notebooks with the students' answers in them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat

from course.manifest import Manifest, load_manifest

from .people import CLASS, Person

RELEASE = Path(__file__).resolve().parent.parent.parent / "release"


def write_class(folder: Path) -> list[str]:
    """Writes `folder/<student>/<assignment>/<assignment>.ipynb`; returns the students.

    Args:
        folder: A new or empty folder.
    """
    manifest = load_manifest()
    notebooks = {part: _release(part) for part in ("part_a", "part_b")}
    for person in CLASS:
        for part in person.parts:
            path = folder / person.name / part / f"{part}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(handed_in(notebooks[part], person, manifest), encoding="utf-8")
    return [person.name for person in CLASS]


def handed_in(notebook: Any, person: Person, manifest: Manifest) -> str:
    """The text of a student's notebook file."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        exercise = manifest.exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if exercise is not None and not exercise.manual:
            cell.source = person.source(exercise) or cell.source
    if person.spoil == "stripped":
        _strip(notebook)
    if person.spoil == "split":
        _split(notebook)
    text: str = nbformat.writes(notebook)
    return text[: len(text) // 2] if person.spoil == "broken" else text


def _release(part: str) -> Any:
    return nbformat.read(RELEASE / part / f"{part}.ipynb", as_version=4)


def _strip(notebook: Any) -> None:
    """Takes metadata and names of cells away, as some services do on a notebook's way."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("nbgrader", None)
        cell.id = f"cell-{number}"


def _split(notebook: Any) -> None:
    """Splits the cell with two functions between them, as Jupyter does: both keep the metadata."""
    where = next(
        i
        for i, cell in enumerate(notebook.cells)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "a1_6_cfg"
    )
    first = notebook.cells[where]
    second = copy.deepcopy(first)
    second.id = "second-half"
    first.source, _, rest = first.source.partition("\ndef iterative_denoise_cfg")
    second.source = f"def iterative_denoise_cfg{rest}"
    notebook.cells.insert(where + 1, second)
