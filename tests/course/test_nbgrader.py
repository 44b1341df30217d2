"""The real nbgrader takes what the build makes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.build import build, write_nbgrader_course
from course.manifest import load_manifest
from tests.course.toy import Toy

ROOT = Path(__file__).resolve().parents[2]


def nbgrader(folder: Path, *arguments: str) -> str:
    """Runs nbgrader in a folder and returns what it says."""
    result = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
            "PYTHONWARNINGS": "ignore",
            "COURSE_FAST": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--no-db",), id="no-db"),
        pytest.param((), id="gradebook", marks=pytest.mark.slow),
    ],
)
def test_generate_assignment_gives_the_release(
    toy: Toy, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """`nbgrader generate_assignment` makes the very bytes of the release."""
    build(toy.root, toy.out)
    folder = tmp_path / "class"
    write_nbgrader_course(toy.root, folder)
    said = nbgrader(folder, "generate_assignment", "part_a", *options)
    assert "WARNING" not in said
    made = (folder / "release" / "part_a" / "part_a.ipynb").read_text("utf-8")
    assert made.rstrip("\n") == (toy.out / "part_a/part_a.ipynb").read_text("utf-8").rstrip("\n")


def test_plain_nbgrader_accepts_the_source(toy: Toy, tmp_path: Path) -> None:
    """Without the course's configuration nbgrader accepts the notebook as well."""
    folder = tmp_path / "class"
    write_nbgrader_course(toy.root, folder)
    (folder / "nbgrader_config.py").unlink()
    nbgrader(folder, "generate_assignment", "part_a", "--no-db")
    made = (folder / "release" / "part_a" / "part_a.ipynb").read_text("utf-8")
    assert "raise NotImplementedError()" in made
    assert "torch.add" not in made


def test_validate_runs_the_stubs_and_the_solution(toy: Toy, tmp_path: Path) -> None:
    """`nbgrader validate` names the unsolved exercise, and is content with the solution."""
    build(toy.root, toy.out)
    said = nbgrader(toy.out, "validate", "part_a/part_a.ipynb")
    assert "VALIDATION FAILED ON 2 CELL(S)" in said  # the check and the unanswered question
    assert 'kit.check("a1_double", double)' in said
    write_nbgrader_course(toy.root, tmp_path / "class")
    solved = tmp_path / "class" / "source" / "part_a" / "part_a.ipynb"
    solved.rename(toy.out / "solved.ipynb")
    assert "Success!" in nbgrader(toy.out, "validate", "solved.ipynb")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["part_a", "part_b"])
def test_course_is_accepted(tmp_path: Path, part: str) -> None:
    """The course's own notebooks give the committed release, which nbgrader can validate."""
    write_nbgrader_course(ROOT, tmp_path / "class")
    nbgrader(tmp_path / "class", "generate_assignment", part, "--no-db")
    made = (tmp_path / "class" / "release" / part / f"{part}.ipynb").read_text("utf-8")
    released = ROOT / "release" / part / f"{part}.ipynb"
    assert made.rstrip("\n") == released.read_text("utf-8").rstrip("\n")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["part_a", "part_b"])
def test_course_release_validates(tmp_path: Path, part: str) -> None:
    """`nbgrader validate` runs the committed release and names each unsolved exercise, no other."""
    shutil.copytree(ROOT / "release", tmp_path / "release")
    slow_machine = ("--Execute.timeout=300", "--Execute.iopub_timeout=120")
    notebook = f"{part}/{part}.ipynb"
    said = nbgrader(tmp_path / "release", "validate", notebook, *slow_machine)
    failed = re.findall(r'^ +kit\.check\("(\w+)", .*$', said, re.MULTILINE)
    coding = [e.id for e in load_manifest().of_part(part[-1]) if not e.manual]
    assert list(dict.fromkeys(failed)) == coding
