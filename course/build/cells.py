"""Typed doors to nbformat and jupytext, which have no annotations."""

from __future__ import annotations

from typing import Any, cast

import jupytext
import nbformat
from nbformat import NotebookNode, v4

# Fixed here, so that the release does not depend on the author's Jupyter.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


# Id of a cell until its place in the notebook names it.
UNNAMED = "unnamed"


def new_cell(cell_type: str, source: str, cell_id: str = "") -> NotebookNode:
    """Makes a cell without outputs; without an id it has to be named later."""
    make: Any = v4.new_code_cell if cell_type == "code" else v4.new_markdown_cell
    return cast(NotebookNode, make(source, id=cell_id or UNNAMED))


def new_notebook(cells: list[NotebookNode]) -> NotebookNode:
    """Makes a valid notebook of format 4.5."""
    made = v4.new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)
    made.nbformat_minor = 5
    nbformat.validate(made)
    return cast(NotebookNode, made)


def nbgrader_metadata(
    grade_id: str,
    *,
    points: float | None = None,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
) -> dict[str, Any]:
    """Metadata of one cell in nbgrader's schema 3; only graded cells have points."""
    metadata: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    return metadata if points is None else {**metadata, "points": points}


def read_percent(text: str) -> list[NotebookNode]:
    """Cells of a file in jupytext's percent format."""
    read = jupytext.reads(text, fmt="py:percent")
    return list(read.cells)


def to_text(notebook: NotebookNode) -> str:
    """A notebook as a file: sorted keys, one space of indentation, a newline at the end."""
    text: str = nbformat.writes(notebook, version=4)
    return text.rstrip("\n") + "\n"
