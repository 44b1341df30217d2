"""Our own command puts copies where formgrader looks for them, as `nbgrader autograde` does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from autograder.bridge import GradebookWriter
from autograder.results import CheckOutcome, ExerciseResult
from tests.bridge.courses import CONFIG, HOSTILE, hand_in
from tests.bridge.support import MANIFEST, graded, summed


@pytest.fixture
def course(book: Path, tmp_path: Path) -> Path:
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    hand_in(tmp_path, "ada")
    return tmp_path


def write(course: Path, *points: float) -> Path:
    """Writes results of ada's, and gives the path of her copy."""
    result = graded("ada")
    if points:
        check = CheckOutcome("shape", points[0], 5)
        answer = ExerciseResult("a1_1_forward", points[0], 5, "failed", checks=(check,))
        others = [e for e in result.exercises if e.id != answer.id]
        result = summed("ada", "a", [answer, *others])
    writer = GradebookWriter(str(course / "gradebook.db"), MANIFEST)
    writer.write([result, graded("ada", "b"), graded("bob")], course / "submitted")
    return course / "autograded" / "ada" / "part_a" / "part_a.ipynb"


def test_the_copy_is_harmless_and_says_what_was_found(course: Path) -> None:
    """One for each notebook that was handed in; what a student wrote is text."""
    text = write(course, 2).read_text("utf-8")
    assert "<script" not in text
    cells = {cell["id"]: cell for cell in json.loads(text)["cells"]}
    assert "".join(cells["note"]["source"]) == HOSTILE.replace("<", "<\u200b")
    check = cells["a1_1_forward_check"]
    assert "".join(check["outputs"][0]["text"]) == "not passed: shape (2 of 5)\n"
    assert check["metadata"]["nbgrader"]["points"] == 5
    assert [path.name for path in (course / "autograded").iterdir()] == ["ada"]


def test_it_is_made_anew_when_something_changed(course: Path) -> None:
    """A new result or a new notebook; not the same ones again."""
    path = write(course, 2)
    os.utime(path, (0, 0))
    write(course, 2)
    assert path.stat().st_mtime == 0
    write(course, 3)
    assert "(3 of 5)" in path.read_text("utf-8")
    os.utime(path, (0, 0))
    hand_in(course, "ada", "def forward():\n    '''another'''\n")
    write(course, 3)
    assert "another" in path.read_text("utf-8")


def test_where_no_copy_is_made(course: Path) -> None:
    """What is no notebook has none; without a course's configuration nothing is written beside."""
    (course / "submitted/ada/part_a/part_a.ipynb").write_text("no notebook")
    assert not write(course).exists()
    hand_in(course, "ada")
    (course / "nbgrader_config.py").unlink()
    assert not write(course).exists()
    assert not (course / "autograded").exists()


def test_the_folder_is_the_configured_one(course: Path) -> None:
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("get_config().CourseDirectory.autograded_directory = 'seen'\n")
    write(course)
    assert (course / "seen/ada/part_a/part_a.ipynb").exists()
    assert not (course / "autograded").exists()
