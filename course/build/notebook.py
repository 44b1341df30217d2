"""Assembles the solved nbgrader notebook of one part from its percent file and the solutions."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass

from nbformat import NotebookNode

from course.build.cells import UNNAMED, nbgrader_metadata, new_cell, new_notebook, read_percent
from course.build.errors import BuildError
from course.build.layout import Layout
from course.build.markers import find_regions
from course.build.sources import Sources
from course.manifest import Exercise, Manifest

CELL_KEYS = ("exercise", "manual")

# Written into every cell by jupytext itself.
JUPYTEXT_KEYS = frozenset({"lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker"})


@dataclass(frozen=True)
class PartCell:
    """One cell of a percent file.

    Attributes:
        line: Line of its header, from 1.
        cell_type: "code" or "markdown".
        source: Its text.
        exercise: Id of the exercise that the build fills in, or "".
        manual: Id of the hand-graded exercise that it is, or "".
    """

    line: int
    cell_type: str
    source: str
    exercise: str = ""
    manual: str = ""


def read_part(text: str, name: str) -> list[PartCell]:
    """Reads a percent file.

    Raises:
        BuildError: A cell header with anything but `exercise="…"` or `manual="…"`, an exercise
            cell that is not an empty code cell, code that is not Python, a file without cells, or
            solution markers outside cells graded by hand.
    """
    regions = find_regions(text, name, in_functions=False)
    headers = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r"# %%(\s|$)", line)]
    found = read_percent(text)
    if not headers or len(found) != len(headers):
        raise BuildError(f"{name}:1: every cell starts with a line '# %%' or '# %% [markdown]'")
    cells = [_part_cell(cell, line, name) for cell, line in zip(found, headers, strict=True)]
    for region in regions:
        owner = [cell for cell in cells if cell.line < region.begin][-1:]
        if not owner or not owner[0].manual:
            raise BuildError(f"{name}:{region.begin}: a solution outside solutions/: move it there")
    return cells


def assemble(layout: Layout, manifest: Manifest, sources: Sources, part: str) -> NotebookNode:
    """Builds the solved notebook of a part, as nbgrader wants its source notebooks.

    Args:
        layout: The course's paths.
        manifest: Its exercises.
        sources: Its solutions.
        part: "a" or "b".

    Returns:
        A notebook (format 4.5) with deterministic cell ids and without outputs.

    Raises:
        BuildError: See `read_part` and `Sources.text`; also an exercise of the manifest that the
            file lacks, and the reverse.
    """
    path = layout.part(part)
    if not path.is_file():
        raise BuildError(f"{layout.show(path)}:1: this notebook source is missing")
    cells = read_part(layout.text(path), layout.show(path))
    _compare(cells, manifest, part, layout.show(path))
    built: list[NotebookNode] = []
    problems: list[str] = []
    for cell in cells:
        try:
            built += _expand(cell, manifest, sources)
        except BuildError as error:
            problems += error.problems
    if problems:
        raise BuildError(*dict.fromkeys(problems))
    _name_cells(built, f"part_{part}")
    return new_notebook(built)


def _part_cell(cell: NotebookNode, line: int, name: str) -> PartCell:
    given = {key: value for key, value in cell.metadata.items() if key not in JUPYTEXT_KEYS}
    unknown = ", ".join(key for key in given if key not in CELL_KEYS)
    if unknown or len(given) > 1:
        raise BuildError(
            f'{name}:{line}: a cell header holds nothing, exercise="…" or manual="…"'
            + (f", not {unknown}" if unknown else ", not both")
        )
    result = PartCell(line, cell.cell_type, cell.source, **{k: str(v) for k, v in given.items()})
    if result.exercise and (result.cell_type != "code" or result.source.strip()):
        raise BuildError(
            f"{name}:{line}: the cell of {result.exercise} is an empty code cell: its code comes "
            "from solutions/"
        )
    if result.cell_type == "code":
        _check_code(result, name)
    if result.cell_type == "raw" or (result.manual and not result.source.strip()):
        raise BuildError(
            f"{name}:{line}: a cell is code or markdown, and a hand-graded one has text"
        )
    return result


def _check_code(cell: PartCell, name: str) -> None:
    """Refuses a code cell that no notebook could run; lines of IPython are left out."""
    lines = cell.source.splitlines()
    try:
        ast.parse("\n".join("" if line.startswith(("%", "!")) else line for line in lines))
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1)
        raise BuildError(f"{name}:{line}: not valid Python: {error.msg}") from error


def _compare(cells: list[PartCell], manifest: Manifest, part: str, name: str) -> None:
    problems = []
    used = Counter(cell.exercise or cell.manual for cell in cells)
    for cell in cells:
        key = cell.exercise or cell.manual
        exercise = manifest.exercises.get(key)
        where = f"{name}:{cell.line}:"
        if not key:
            continue
        if exercise is None or exercise.part != part:
            problems.append(f"{where} {key} is not in {manifest.path.name} for part {part}")
        elif exercise.manual != bool(cell.manual):
            right = "manual" if exercise.manual else "exercise"
            problems.append(f'{where} write {right}="{key}", as {manifest.path.name} has it')
        elif used[key] > 1:
            problems.append(f"{where} {key} has {used[key]} cells: it needs one")
    problems += [
        f"{manifest.path.name}:{exercise.line}: [{exercise.id}] has no cell in {name}"
        for exercise in manifest.of_part(part)
        if exercise.id not in used
    ]
    if problems:
        raise BuildError(*problems)


def _expand(cell: PartCell, manifest: Manifest, sources: Sources) -> list[NotebookNode]:
    if cell.exercise:
        return _coding(manifest.exercises[cell.exercise], sources)
    if cell.manual:
        return _by_hand(manifest.exercises[cell.manual], cell)
    return [new_cell(cell.cell_type, cell.source)]


def _coding(exercise: Exercise, sources: Sources) -> list[NotebookNode]:
    code = new_cell("code", sources.text(exercise), exercise.id)
    code.metadata["nbgrader"] = nbgrader_metadata(exercise.id, solution=True)
    check_id = f"{exercise.id}_check"
    arguments = ", ".join([f'"{exercise.id}"', *exercise.objects])
    check = new_cell("code", f"kit.check({arguments})", check_id)
    check.metadata["nbgrader"] = nbgrader_metadata(
        check_id, points=exercise.points, grade=True, locked=True
    )
    return [code, check]


def _by_hand(exercise: Exercise, cell: PartCell) -> list[NotebookNode]:
    rubric = new_cell("markdown", exercise.rubric_text, f"{exercise.id}_rubric")
    answer = new_cell(cell.cell_type, cell.source, exercise.id)
    answer.metadata["nbgrader"] = nbgrader_metadata(
        exercise.id, points=exercise.points, grade=True, solution=True
    )
    return [rubric, answer]


def _name_cells(cells: list[NotebookNode], start: str) -> None:
    """Gives prose and provided cells the id of the named cell before them and a count.

    An inserted cell so renames only its neighbours up to the next exercise.
    """
    anchor, count = start, 0
    for cell in cells:
        if cell["id"] != UNNAMED:
            anchor, count = cell["id"], 0
        else:
            count += 1
            cell["id"] = f"{anchor}-{count}"
