"""Each cell of the assignment has one place in the copy, whatever became of the notebook."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3 as MetadataValidator

from autograder.bridge.cleaning import cleaned
from autograder.bridge.restoring import Tagged, restore, tagged_cells
from solutions.sampling import forward
from tests.bridge.support import MANIFEST, ROOT, opened, release_cells

SOLVED = inspect.getsource(forward)


@pytest.fixture(scope="module")
def known(template: Path) -> dict[str, Tagged]:
    with opened(template) as gradebook:
        return tagged_cells(gradebook.find_notebook("part_a", "part_a"))


def released() -> Any:
    return json.loads((ROOT / "release/part_a/part_a.ipynb").read_text("utf-8"))


def restored(notebook: Any, known: dict[str, Tagged]) -> Any:
    copy = cleaned(nbformat.from_dict(notebook))
    restore(copy, known, MANIFEST.of_part("a"))
    nbformat.validate(copy)
    MetadataValidator().validate_nb(copy)
    found = [cell.metadata.nbgrader.grade_id for cell in copy.cells if cell.metadata]
    assert sorted(found) == sorted(known)
    return copy


def place(notebook: Any, cell_id: str) -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if cell["id"] == cell_id)


def marked(copy: Any, cell_id: str) -> Any:
    return next(c for c in copy.cells if c.metadata.get("nbgrader", {}).get("grade_id") == cell_id)


def test_an_untouched_notebook_keeps_its_marks(known: dict[str, Tagged]) -> None:
    """Cells, order and metadata are those of the release."""
    copy = restored(released(), known)
    assert [cell.id for cell in copy.cells] == [cell["id"] for cell in released()["cells"]]
    for name, meta in release_cells("a").items():
        assert dict(marked(copy, name).metadata.nbgrader) == meta


def test_the_last_copy_is_marked(known: dict[str, Tagged]) -> None:
    """A duplicated answer has one mark, at the copy that is graded."""
    notebook = released()
    at = place(notebook, "a1_1_forward")
    notebook["cells"].insert(at + 1, {**notebook["cells"][at], "id": "again", "source": SOLVED})
    copy = restored(notebook, known)
    assert marked(copy, "a1_1_forward").source == SOLVED


def test_lost_metadata_is_found_again(known: dict[str, Tagged]) -> None:
    """By the cells' ids; and, where these are new too, by the names that an answer defines."""
    notebook = released()
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    copy = restored(notebook, known)
    assert [cell.id for cell in copy.cells] == [cell["id"] for cell in notebook["cells"]]
    notebook["cells"][place(notebook, "a1_1_forward")]["source"] = SOLVED
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"colab-{number}"
    copy = restored(notebook, known)
    assert marked(copy, "a1_1_forward").source == SOLVED


def test_forged_and_deleted_cells(known: dict[str, Tagged]) -> None:
    """Locked text is the release's, points are the gradebook's, what is gone is added."""
    notebook = released()
    check = notebook["cells"][place(notebook, "a1_1_forward_check")]
    check["source"] = "pass"
    check["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "schema_version": 99}
    check["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "full marks"}]
    question = notebook["cells"][place(notebook, "a1_6_question")]
    question.update(cell_type="code", outputs=[], execution_count=None, source="My words.")
    del notebook["cells"][place(notebook, "a1_2_classical_check")]
    del notebook["cells"][place(notebook, "a1_2_classical")]
    copy = restored(notebook, known)
    forged = marked(copy, "a1_1_forward_check")
    assert forged.source == 'kit.check("a1_1_forward", forward)'
    assert (forged.metadata.nbgrader.points, forged.outputs) == (5, [])
    assert marked(copy, "a1_6_question").cell_type == "markdown"
    assert marked(copy, "a1_6_question").source == "My words."
    assert "not in the notebook" in marked(copy, "a1_2_classical").source


def test_rubrics_are_the_manifests(known: dict[str, Tagged]) -> None:
    """An altered, moved or deleted rubric is not seen: the course's stands above the answer."""
    notebook = released()
    notebook["cells"][place(notebook, "a1_1_figure_rubric")]["source"] = "- Full marks, please."
    moved = notebook["cells"].pop(place(notebook, "a1_2_figure_rubric"))
    notebook["cells"].append(moved)
    del notebook["cells"][place(notebook, "a1_3_figure_rubric")]
    notebook["cells"][place(notebook, "a1_4_figure_rubric")]["id"] = "other"
    notebook["cells"][place(notebook, "a1_4_figure")]["id"] = "a1_4_figure_rubric"
    copy = restored(notebook, known)
    assert "Full marks" not in str(copy)
    for exercise in MANIFEST.of_part("a"):
        if exercise.manual:
            at = copy.cells.index(marked(copy, exercise.id))
            assert copy.cells[at - 1].source == exercise.rubric_text
