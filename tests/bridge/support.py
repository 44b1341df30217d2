"""Results to write, and gradebooks to write them into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.results import ExerciseResult, SubmissionResult
from course.manifest import load_manifest

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = load_manifest()


def graded(student: str = "ada", part: str = "a", message: str = "Too strong.") -> SubmissionResult:
    """A submission with one point for each coding exercise and pictures for the others."""
    found = []
    for e in MANIFEST.of_part(part):
        if e.manual:
            result = ExerciseResult(e.id, 0, e.points, "manual", None, "2 picture(s) handed in.")
        else:
            result = ExerciseResult(e.id, 1, e.points, "failed", None, message)
        found.append(result)
    return summed(student, part, found)


def summed(
    student: str, part: str, found: list[ExerciseResult], repairs: tuple[str, ...] = ()
) -> SubmissionResult:
    score, points = sum(e.score for e in found), sum(e.max_score for e in found)
    return SubmissionResult(
        student, f"part_{part}", score, points, "strict", 1.5, tuple(found), repairs
    )


def opened(book: Path) -> Any:
    """A gradebook as its own interface shows it; nbgrader's annotations are not to be relied on."""
    return Gradebook(f"sqlite:///{book}")


def release_cells(part: str) -> dict[str, dict[str, Any]]:
    """The metadata for nbgrader of each tagged cell of the students' notebook."""
    path = ROOT / "release" / f"part_{part}" / f"part_{part}.ipynb"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    tagged = [c["metadata"]["nbgrader"] for c in cells if "nbgrader" in c["metadata"]]
    return {meta["grade_id"]: meta for meta in tagged}
