"""A new exercise in a copy of this course: asked for, filled in, built, checked and graded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from course.build.layout import UNFILLED
from tests.course.mirror import ID, RIGHT, WRONG, fill

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("course", "solutions", "autograder", "tests", ".typing", "pyproject.toml", "README.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "figures", "attacks")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """This course under another path, without a release."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=LEFT_OUT, symlinks=True)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a module of the copy, as an author does."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)


def hand_in(copy: Path, student: str, answer: str) -> None:
    """A notebook of the built release with one exercise answered."""
    notebook: Any = json.loads((copy / "release/part_a/part_a.ipynb").read_text("utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["id"] == ID)
    cell["source"] = f"def mirror(x):\n    return {answer}\n"
    path = copy / "submitted" / student / "part_a" / "part_a.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.mark.slow
def test_new_exercise_is_graded(copy: Path) -> None:
    """Do its gaps stop the build, and once they are filled, does everything know the exercise?"""
    started = run(copy, "course", "new", ID)
    assert started.returncode == 0, started.stderr
    refused = run(copy, "course", "build")
    assert refused.returncode == 1
    places = [line.strip() for line in started.stdout.splitlines() if line.startswith("  ")][:-1]
    assert len(places) > 40
    for place in places:
        assert f"{place}: left unfilled by `course new`: replace {UNFILLED}" in refused.stderr
    fill(copy)
    built = run(copy, "course", "build")
    assert built.returncode == 0, built.stderr
    files = ["tests/autograder/test_four_targets.py", "tests/kit/test_visible_checks.py"]
    tested = run(copy, "pytest", "-q", "-n", "0", *files, "-k", ID)
    assert tested.returncode == 0, tested.stdout
    assert f"{ID:<18}" + "".join(f"{n:>12}" for n in ("2/2", "2/2", "4/4", "3/3")) in tested.stdout
    hand_in(copy, "ada", RIGHT)
    hand_in(copy, "bob", WRONG["upside-down"])
    graded = run(copy, "autograder", "grade", "submitted", "--out", "out", "--workers", "1")
    assert graded.returncode == 0, graded.stderr
    lines = (copy / "out/results.jsonl").read_text("utf-8").splitlines()
    results = {r["student"]: {e["id"]: e for e in r["exercises"]} for r in map(json.loads, lines)}
    assert results["ada"][ID]["status"] == "passed"
    assert results["bob"][ID]["diagnosis"] == "upside-down"
    assert results["bob"][ID]["score"] == 1
