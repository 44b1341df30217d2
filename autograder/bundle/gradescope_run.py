"""Grades the one submission that Gradescope puts into the container, and writes results.json.

A file of results is written whatever happens: without one, Gradescope tells students that the
autograder failed and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..export.gradescope import gradescope_result
from ..grading.run import Options, grade_class
from ..results import write_atomically

STUDENT = "submission"
MAX_DEPTH = 3


def main() -> int:
    """Grades; gives the exit status: 1 where there is no grade."""
    root = Path(os.environ.get("AUTOGRADER_ROOT", "/autograder"))
    try:
        result = grade(root)
    except Exception as error:  # whatever it is, the student and the instructor must see it
        result = _without_grade(f"{type(error).__name__}: {error}")
    write_atomically(root / "results" / "results.json", json.dumps(result, indent=1) + "\n")
    return 0 if result["extra_data"].get("graded", True) else 1


def grade(root: Path) -> dict[str, Any]:
    """Grades what is in ``root``/submission and gives Gradescope's result.

    Raises:
        IsolationError: The container cannot give the level that the bundle asks for.
        OSError: The container's folders are not as Gradescope makes them.
    """
    told = json.loads((root / "source" / "bundle.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="graded-") as folder:
        submitted = Path(folder) / "submitted"
        collect(root / "submission", submitted / STUDENT / told["assignment"], told["assignment"])
        options = Options(
            submitted,
            Path(folder) / "out",
            1,
            told["assignment"],
            level_at_least(told["isolation"]),
        )
        report = grade_class(options)
    if not report.results:
        return _without_grade("; ".join(report.failed))
    return gradescope_result(report.results[0])


def level_at_least(name: str) -> str:
    """Gives the strongest level that this container has, if it is ``name`` or above.

    Raises:
        IsolationError: It is below.
    """
    from ..sandbox import LEVELS, best_level, require

    best = best_level()
    # The levels are listed from the strongest on.
    order = list(LEVELS)
    return best if order.index(best) <= order.index(name) else require(name)


def collect(submission: Path, target: Path, assignment: str) -> None:
    """Copies the notebooks of a submission; the grader says what is wrong with their number.

    Where there are several, one named after the assignment is taken. Links stay links.
    """
    target.mkdir(parents=True)
    found = sorted(p for p in _files(submission, MAX_DEPTH) if p.name.lower().endswith(".ipynb"))
    named = [path for path in found if path.stem == assignment]
    for number, path in enumerate(named if len(named) == 1 else found):
        name = path.name if not (target / path.name).exists() else f"{number}-{path.name}"
        shutil.copy(path, target / name, follow_symlinks=False)


def _files(folder: Path, depth: int) -> list[Path]:
    found = []
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if path.is_dir() and not path.is_symlink():
            found += _files(path, depth - 1) if depth > 1 else []
        elif path.is_file() or path.is_symlink():
            found.append(path)
    return found


def _without_grade(reason: str) -> dict[str, Any]:
    """Gives a result that asks for the instructor; Gradescope takes none without a score."""
    return {
        "score": 0,
        "execution_time": 0,
        "output": f"Not graded, so these 0 points are no grade: {reason}. Tell your instructor.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"graded": False},
        "tests": [],
        "leaderboard": [],
    }


if __name__ == "__main__":
    sys.exit(main())
