"""Makes the students' notebook with nbgrader's own preprocessors."""

from __future__ import annotations

import ast
import copy
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import (
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    SaveCells,
)
from nbgrader.preprocessors.base import NbGraderPreprocessor

from course.build.errors import BuildError


class ClearNamedSolutions(ClearSolutions):
    """nbgrader's `ClearSolutions`, with stubs that raise under the exercise's name.

    A hand-graded cell without a solution region is a prompt for the student and stays as it is.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Clears one cell; see nbgrader's `ClearSolutions.preprocess_cell`."""
        meta = cell.metadata.get("nbgrader", {})
        prompt = meta.get("grade", False) and self.begin_solution_delimeter not in cell.source
        if meta.get("solution", False) and not prompt:
            stub = f'# YOUR CODE HERE\nraise NotImplementedError("{meta["grade_id"]}")'
            self.code_stub = {"python": stub}
        if prompt and meta.get("solution", False):
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)


class LeaveToPeople(NbGraderPreprocessor):
    """Takes the checksum off provided code that is graded by its picture.

    nbgrader gives 0 points, unseen, to a hand-graded cell whose text is as released; such a cell
    only has to be run. Written answers and stubs keep their checksums.
    """

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: ResourcesDict,
        cell_index: int,  # noqa: ARG002 (the signature is nbgrader's)
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Treats one cell."""
        meta = cell.metadata.get("nbgrader", {})
        by_hand = meta.get("grade", False) and meta.get("solution", False)
        if by_hand and cell.cell_type == "code" and "NotImplementedError" not in cell.source:
            meta.pop("checksum", None)
        return cell, resources


def student_preprocessors(*, gradebook: bool = False) -> list[type[Any]]:
    """Lists nbgrader's steps for `generate_assignment`, with the course's own in their places.

    Args:
        gradebook: Whether an instructor's nbgrader runs them. Without it, `SaveCells` is left
            out, which writes to the gradebook, and `IncludeHeaderFooter`, which reads files of
            the working directory.
    """
    trait: Any = GenerateAssignment.class_traits()["preprocessors"]
    steps: list[type[Any]] = trait.default_args[0]
    left_out = () if gradebook else (SaveCells, IncludeHeaderFooter)
    ours: dict[type[Any], list[type[Any]]] = {
        ClearSolutions: [ClearNamedSolutions],
        ComputeChecksums: [ComputeChecksums, LeaveToPeople],
    }
    return [new for step in steps if step not in left_out for new in ours.get(step, [step])]


def make_stubs(solved: NotebookNode, name: str) -> NotebookNode:
    """Turns a solved notebook into the students' one.

    Args:
        solved: An assembled notebook; it is not changed.
        name: Its name in messages.

    Raises:
        BuildError: nbgrader refuses the notebook, or a stub is not valid Python.
    """
    notebook = copy.deepcopy(solved)
    resources = ResourcesDict(metadata=ResourcesDict(name=name, path=""))
    for step in student_preprocessors():
        try:
            notebook, resources = step().preprocess(notebook, resources)
        except Exception as error:
            raise BuildError(f"{name}:1: nbgrader's {step.__name__} refuses it: {error}") from error
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            _check_stub(cell, name)
    return notebook


def _check_stub(cell: NotebookNode, name: str) -> None:
    code = "\n".join(line for line in cell.source.splitlines() if not line.startswith(("%", "!")))
    try:
        ast.parse(code)
    except SyntaxError as error:
        raise BuildError(
            f"{name}: the stub of {cell['id']} is not valid Python (its line {error.lineno}: "
            f"{error.msg}): move the markers"
        ) from error
