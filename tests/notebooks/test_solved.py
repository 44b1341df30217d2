"""Do the release's notebooks run from top to bottom once the solutions are put in?

Reduced: the tiny random model in Part A's place of the miniature, few steps, few digits. The
kernel is a real one, so this also shows that nothing but the notebook and the kit is needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.bank import solution_source
from course.manifest import load_manifest

RELEASE = Path(__file__).resolve().parents[2] / "release"
# A kernel on a busy machine may need minutes for what takes seconds on an idle one.
CELL_SECONDS = 900


def solved(part: str) -> Any:
    """The release's notebook with each exercise's solution in its cell."""
    exercises = load_manifest().exercises
    notebook = nbformat.read(RELEASE / part / f"{part}.ipynb", as_version=4)
    for cell in notebook.cells:
        exercise = exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if exercise is not None and not exercise.manual:
            cell.source = solution_source(exercise)
    return notebook


@pytest.fixture
def reduced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of a reduced run; nbgrader's variable makes a failed check an error."""
    for key, value in {
        "COURSE_FAST": "1",
        "KIT_STAGE_1": "tiny",
        "NBGRADER_EXECUTION": "autograde",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "HF_HUB_OFFLINE": "1",
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }.items():
        monkeypatch.setenv(key, value)
    assert "PYTHONPATH" not in os.environ, "the notebooks must find the kit without help"
    return tmp_path


# The client's own sockets and event loops warn when they are collected late.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("part", ["part_a", "part_b"])
def test_solved_notebook_runs(part: str, reduced: Path) -> None:
    notebook = solved(part)
    resources = {"metadata": {"path": str(reduced)}}
    NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=resources
    ).execute()
    exercises = load_manifest().of_part(part.removeprefix("part_"))
    for exercise in exercises:
        if exercise.kind == "figure" and "own" not in exercise.id:
            assert pictures(notebook, exercise.id), f"{exercise.id}: the cell shows no picture"


def pictures(notebook: Any, grade_id: str) -> int:
    """PNG outputs of the cells of an exercise."""
    cells = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    ]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)
