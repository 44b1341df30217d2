"""Writes the course of ten checks for each grader, and a class of submissions for all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from .cases import CASES, answer

# nbformat has no annotations.
v4: Any = nbformat.v4

PRELUDE = "import torch"
CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'ten'\n"
SOLUTION = (
    "def scale(x, factor):\n    ### BEGIN SOLUTION\n    return x * factor\n    ### END SOLUTION"
)
HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


class GraderError(Exception):
    """A grader failed, or did not give every submission its points: its time means nothing."""


def run(command: Sequence[str], folder: Path) -> str:
    """What a command says, run with its own environment's programs first on the path.

    Raises:
        GraderError: Its exit status is not 0.
    """
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise GraderError(f"{command}: exit status {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def write_nbgrader(folder: Path) -> None:
    """A course of nbgrader's with the released assignment `part_a`: ten hidden tests."""
    source = folder / "source" / "part_a" / "part_a.ipynb"
    source.parent.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    cells = [_code(PRELUDE), _graded(SOLUTION, "ten_scale", solution=True)]
    cells += [_graded(HIDDEN.format(c.assertion), c.name, solution=False) for c in CASES]
    nbformat.write(v4.new_notebook(cells=cells, metadata=_kernel()), source)
    run([sys.executable, "-m", "nbgrader", "generate_assignment", "part_a"], folder)


def write_class(folder: Path, count: int) -> list[str]:
    """A class that answers the released notebook in `folder`; returns the students.

    It is written to `folder/submitted-COUNT/<student>/part_a/part_a.ipynb`.
    """
    released = nbformat.read(folder / "release" / "part_a" / "part_a.ipynb", as_version=4)
    students = [f"student-{number:03d}" for number in range(count)]
    for student in students:
        path = folder / f"submitted-{count}" / student / "part_a" / "part_a.ipynb"
        path.parent.mkdir(parents=True)
        for cell in released.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "ten_scale":
                cell.source = answer(student)
        nbformat.write(released, path)
    return students


def write_otter(folder: Path, otter: Path) -> Path:
    """An autograder of otter's with the ten checks as ten cases of one question; its zip file."""
    tests = folder / "tests"
    tests.mkdir(parents=True)
    cases = [
        {"code": f">>> {c.assertion}\n", "hidden": True, "locked": False, "points": 1}
        for c in CASES
    ]
    test = {"name": "ten_scale", "points": None, "suites": [{"cases": cases, "type": "doctest"}]}
    (tests / "ten_scale.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n", encoding="utf-8")
    (folder / "otter_config.json").write_text(json.dumps({"show_stdout": False}), encoding="utf-8")
    target = folder / "autograder.zip"
    options = ["-t", "tests", "-c", "otter_config.json", "-o", target.name]
    run([str(otter), "generate", *options], folder)
    return target


def _kernel() -> dict[str, Any]:
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"kernelspec": spec, "language_info": {"name": "python"}}


def _code(source: str) -> Any:
    return v4.new_code_cell(source)


def _graded(source: str, grade_id: str, solution: bool) -> Any:
    cell = v4.new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade": not solution,
        "solution": solution,
        "locked": not solution,
        "task": False,
        "schema_version": 3,
        "grade_id": grade_id,
        **({} if solution else {"points": 1}),
    }
    return cell
