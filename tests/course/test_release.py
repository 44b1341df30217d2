"""The committed release is what the sources give, and its stubs are those that are graded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.bank import stub_source
from course.build import differences
from course.manifest import load_manifest
from course.table import with_table

ROOT = Path(__file__).resolve().parents[2]


def test_release_is_fresh() -> None:
    """Building aside gives the committed files, byte for byte."""
    assert differences(ROOT, ROOT / "release") == []


@pytest.mark.parametrize("part", ["a", "b"])
def test_stubs_are_those_of_the_bank(part: str) -> None:
    """The stubs on which the checks are tested are the code cells that students get."""
    path = ROOT / "release" / f"part_{part}" / f"part_{part}.ipynb"
    cells = {cell["id"]: cell for cell in json.loads(path.read_text("utf-8"))["cells"]}
    for exercise in load_manifest().of_part(part):
        if exercise.manual:
            continue
        lines = "".join(cells[exercise.id]["source"]).splitlines()
        released = [line for line in lines if line.strip() not in ("", "# YOUR CODE HERE")]
        bank = [line for line in stub_source(exercise).splitlines() if line.strip()]
        assert released == bank, exercise.id


def test_readme_has_the_table_of_exercises() -> None:
    """README's table is the manifest's: `course table --into README.md` renews it."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert with_table(text, load_manifest()) == text
