"""The real `nbgrader autograde` grades by the hidden checks, and everything after it works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course.build import write_nbgrader_course
from tests.bridge.courses import CONFIG, HOSTILE, grades, hand_in, nbgrader
from tests.bridge.support import MANIFEST, ROOT, opened


def grade_by_hand(folder: Path) -> None:
    with opened(folder / "gradebook.db") as gradebook:
        grade = gradebook.find_grade("a1_1_figure", "part_a", "part_a", "ada")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        comment = gradebook.find_comment("a1_1_figure", "part_a", "part_a", "ada")
        comment.manual_comment = "A fine figure."
        gradebook.db.commit()


def test_autograde_by_the_hidden_checks(book: Path, tmp_path: Path) -> None:
    """One line of configuration: right scores, no kernel, a harmless copy, everything at once."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    hand_in(tmp_path, "ada")
    said = nbgrader(tmp_path, "autograde", "part_a", "--create")
    assert "Score: 5 of 100 by checks" in said
    found = grades(tmp_path)
    assert found["a1_1_forward_check"]["auto_score"] == 5
    assert found["a1_2_classical_check"]["auto_score"] == 0
    assert found["a1_1_figure"]["needs_manual_grade"] is True
    assert not (tmp_path / "runtime").exists()
    copy = (tmp_path / "autograded/ada/part_a/part_a.ipynb").read_text("utf-8")
    cells = {cell["id"]: cell for cell in json.loads(copy)["cells"]}
    assert "<script" not in copy
    assert "".join(cells["note"]["source"]) == HOSTILE.replace("<", "<\u200b")
    check = cells["a1_1_forward_check"]
    assert "".join(check["source"]) == 'kit.check("a1_1_forward", forward)'
    shown = "".join(check["outputs"][0]["text"]).splitlines()
    wanted = MANIFEST.exercises["a1_1_forward"].checks
    assert shown == [
        f"passed: {name} ({points:g} of {points:g})" for name, points in wanted.items()
    ]


@pytest.mark.slow
def test_a_course_from_start_to_feedback(tmp_path: Path) -> None:
    """Generate, autograde, grade by hand, re-grade, feedback, export: as an instructor does it."""
    write_nbgrader_course(ROOT, tmp_path / "class")
    folder = tmp_path / "class"
    with (folder / "nbgrader_config.py").open("a") as file:
        file.write(CONFIG)
    nbgrader(folder, "generate_assignment", "part_a")
    hand_in(folder, "ada")
    (folder / "submitted/bob/part_a").mkdir(parents=True)
    (folder / "submitted/bob/part_a/part_a.ipynb").write_text("no notebook")
    nbgrader(folder, "autograde", "part_a", ok=False)
    assert grades(folder)["a1_1_forward_check"]["auto_score"] == 5
    grade_by_hand(folder)
    hand_in(folder, "ada", "def forward(im, t, alphas_cumprod):\n    return im\n")
    nbgrader(folder, "autograde", "part_a", "--student", "ada", "--force")
    again = grades(folder)
    assert again["a1_1_forward_check"]["auto_score"] < 5
    assert again["a1_1_figure"]["manual_score"] == 1.5
    assert again["a1_1_figure"]["needs_manual_grade"] is True
    nbgrader(folder, "generate_feedback", "part_a", "--student", "ada")
    page = (folder / "feedback/ada/part_a/part_a.html").read_text("utf-8")
    assert "A fine figure." in page
    assert "<script>alert" not in page
    with opened(folder / "gradebook.db") as gradebook:
        said = gradebook.find_comment("a1_1_forward", "part_a", "part_a", "ada").auto_comment
    assert said
    assert said.split(".")[0][:20] in page
    nbgrader(folder, "export")
    assert "ada" in (folder / "grades.csv").read_text("utf-8")


@pytest.mark.slow
def test_other_assignments_go_their_own_way(book: Path, tmp_path: Path) -> None:
    """A notebook that is not the course's is run and graded by nbgrader as ever."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    tag = {"schema_version": 3, "locked": True, "task": False}
    cells = [
        ("x = 1", {"grade_id": "answer", "grade": False, "solution": True, "locked": False}),
        ("assert x == 1", {"grade_id": "test", "grade": True, "solution": False, "points": 2}),
    ]
    made = [
        {
            "cell_type": "code",
            "id": meta["grade_id"],
            "metadata": {"nbgrader": {**tag, "cell_type": "code", **meta}},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for source, meta in cells
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    source = tmp_path / "source" / "warm_up" / "warm_up.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps({**notebook, "metadata": kernel}))
    nbgrader(tmp_path, "generate_assignment", "warm_up")
    target = tmp_path / "submitted" / "ada" / "warm_up"
    target.mkdir(parents=True)
    released = json.loads((tmp_path / "release/warm_up/warm_up.ipynb").read_text("utf-8"))
    released["cells"][0]["source"] = "x = 1"
    (target / "warm_up.ipynb").write_text(json.dumps(released), "utf-8")
    nbgrader(tmp_path, "autograde", "warm_up")
    with opened(book) as gradebook:
        grade = gradebook.find_grade("test", "warm_up", "warm_up", "ada")
        assert grade.auto_score == 2
