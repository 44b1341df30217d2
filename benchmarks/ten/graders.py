"""Three graders on the same notebooks, each as its documentation says, each checked for scores."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import load

from .cases import POINTS
from .course import GraderError, run, write_class, write_nbgrader, write_otter


@dataclass(frozen=True)
class Run:
    """One measured run.

    Attributes:
        grader: ours, nbgrader or otter.
        count: Submissions.
        seconds: Wall-clock time, from the start of the command or commands to their end.
        load: Load of the machine at the end.
        level: Isolation level, where there is one.
    """

    grader: str
    count: int
    seconds: float
    load: float
    level: str = "none"


class Bench:
    """A folder with the course in each grader's form.

    Args:
        folder: An empty folder.
        counts: Sizes of the classes.
        otter_python: Python of an environment with otter, or None.
    """

    def __init__(self, folder: Path, counts: Sequence[int], otter_python: Path | None) -> None:
        self.folder = folder
        write_nbgrader(folder)
        self.students = {count: write_class(folder, count) for count in counts}
        self.otter = otter_python.parent / "otter" if otter_python else None
        if self.otter:
            self.otter_zip = write_otter(folder / "otter", self.otter)

    def ours(self, count: int, workers: int | None = None) -> Run:
        """The whole command, on as many processes as there are cores or as are asked for."""
        submitted, out = self.folder / f"submitted-{count}", self.folder / "ours"
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.ten.ours", str(submitted), str(out)]
        command += [str(workers)] if workers else []
        seconds, said = _timed([command], Path(__file__).parents[2])
        answer = json.loads(said.splitlines()[-1])
        _check("ours", answer["scores"], self.students[count])
        name = "ours" if workers is None else f"ours, {workers} process"
        return Run(name, count, seconds, load(), answer["level"])

    def nbgrader(self, count: int) -> Run:
        """`nbgrader autograde part_a` with an empty gradebook but for the assignment."""
        course = self.folder / "nbgrader"
        shutil.rmtree(course, ignore_errors=True)
        course.mkdir()
        for name in ("nbgrader_config.py", "gradebook.db"):
            shutil.copy(self.folder / name, course)
        for name in ("source", "release"):
            shutil.copytree(self.folder / name, course / name)
        shutil.copytree(self.folder / f"submitted-{count}", course / "submitted")
        command = [sys.executable, "-m", "nbgrader", "autograde", "part_a"]
        seconds, _ = _timed([command], course)
        _check("nbgrader", _gradebook(course / "gradebook.db"), self.students[count])
        return Run("nbgrader", count, seconds, load())

    def run_otter(self, count: int) -> Run:
        """`otter run` once for each notebook: it grades one at a time."""
        out = self.folder / "otter-out"
        shutil.rmtree(out, ignore_errors=True)
        commands = []
        for student in self.students[count]:
            (out / student).mkdir(parents=True)
            notebook = self.folder / f"submitted-{count}" / student / "part_a" / "part_a.ipynb"
            options = ["--no-logo", "-a", str(self.otter_zip), "-o", str(out / student)]
            commands.append([str(self.otter), "run", *options, str(notebook)])
        seconds, _ = _timed(commands, self.folder)
        scores = {student: _otter_score(out / student) for student in self.students[count]}
        _check("otter", scores, self.students[count])
        return Run("otter", count, seconds, load())


def _timed(commands: Sequence[Sequence[str]], folder: Path) -> tuple[float, str]:
    """Wall-clock time of commands, one after the other, and what the last one said."""
    start = time.perf_counter()
    said = [run(command, folder) for command in commands]
    return time.perf_counter() - start, said[-1]


def _check(grader: str, scores: Mapping[str, float | None], students: Sequence[str]) -> None:
    wrong = [student for student in students if scores.get(student) != POINTS]
    if wrong:
        got = scores.get(wrong[0])
        message = f"{grader}: {len(wrong)} of {len(students)} without {POINTS:g} points; "
        raise GraderError(message + f"{wrong[0]} got {got}")


def _gradebook(path: Path) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}") as book:
        found = book.assignment_submissions("part_a")
        return {submission.student.id: submission.score for submission in found}


def _otter_score(out: Path) -> float | None:
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    tests = [test for test in results["tests"] if test["name"].startswith("ten_scale")]
    return sum(float(test["score"]) for test in tests) if tests else None
