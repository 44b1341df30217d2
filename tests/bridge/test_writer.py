"""The gradebook holds what the grader says, and keeps what people say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.bridge import GradebookError, GradebookWriter
from autograder.bridge.address import database_url, shown
from autograder.bridge.cells import plain
from autograder.results import ExerciseResult, SubmissionResult
from tests.bridge.support import MANIFEST, graded, opened, release_cells, summed


def write(book: Path, *results: SubmissionResult, submitted: Path | None = None) -> list[str]:
    return GradebookWriter(str(book), MANIFEST).write(results, submitted)


def rows(book: Path, student: str = "ada", part: str = "a") -> dict[str, dict[str, Any]]:
    """Every grade and comment of a submission, by cell."""
    found: dict[str, dict[str, Any]] = {}
    with opened(book) as gradebook:
        own = gradebook.find_submission(f"part_{part}", student)
        for row in [*own.notebooks[0].grades, *own.notebooks[0].comments]:
            kept = {k: v for k, v in row.to_dict().items() if k not in ("id", "name")}
            found.setdefault(row.name, {}).update(kept)
    return found


def by_hand(book: Path, change: Callable[[Any], object]) -> None:
    """Does what an instructor does in formgrader."""
    with opened(book) as gradebook:
        change(gradebook)
        gradebook.db.commit()


@pytest.mark.parametrize("part", ["a", "b"])
def test_a_new_gradebook_has_the_cells_of_the_release(template: Path, part: str) -> None:
    """Grade, solution and source cells are those that `generate_assignment` would save."""
    cells = release_cells(part)
    with opened(template) as gradebook:
        notebook = gradebook.find_notebook(f"part_{part}", f"part_{part}")
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        assert points == {k: m["points"] for k, m in cells.items() if m["grade"]}
        assert {c.name for c in notebook.solution_cells} == {
            k for k, m in cells.items() if m["solution"]
        }
        assert {c.name: c.checksum for c in notebook.source_cells} == {
            k: m.get("checksum") for k, m in cells.items()
        }


def test_scores_comments_and_sums_arrive(book: Path) -> None:
    """Each score is at its locked cell, each message at its answer; the sums agree."""
    result = graded()
    assert write(book, result) == ["ada was not in the gradebook, and is now"]
    found = rows(book)
    for exercise in result.exercises:
        by_person = exercise.status == "manual"
        cell = found[exercise.id if by_person else f"{exercise.id}_check"]
        assert cell["auto_score"] == (None if by_person else exercise.score)
        assert cell["needs_manual_grade"] is by_person
        assert found[exercise.id]["auto_comment"] == exercise.message
    with opened(book) as gradebook:
        submission = gradebook.find_submission("part_a", "ada")
        assert (submission.score, submission.max_score) == (result.score, result.max_score)


def test_what_people_gave_survives(book: Path) -> None:
    """Manual scores, extra credit and comments stay, and are for review when ours changed."""

    def grade(gradebook: Any) -> None:
        for name in ("a1_1_figure", "a1_1_forward_check", "a1_2_classical_check"):
            cell = gradebook.find_grade(name, "part_a", "part_a", "ada")
            cell.manual_score, cell.extra_credit, cell.needs_manual_grade = 1.5, 0.5, False
        comment = gradebook.find_comment("a1_1_forward", "part_a", "part_a", "ada")
        comment.manual_comment = "See me."

    result = graded()
    write(book, result)
    by_hand(book, grade)
    before = rows(book)
    write(book, result)
    assert rows(book) == before
    better = [
        replace(e, score=e.max_score, status="passed", message="") if e.id == "a1_1_forward" else e
        for e in result.exercises
    ]
    write(book, summed("ada", "a", better))
    after = rows(book)
    forward = after["a1_1_forward_check"]
    assert (forward["auto_score"], forward["manual_score"]) == (5, 1.5)
    assert (forward["extra_credit"], forward["needs_manual_grade"]) == (0.5, True)
    assert after["a1_1_forward"]["manual_comment"] == "See me."
    assert after["a1_1_forward"]["auto_comment"] is None
    for same in ("a1_1_figure", "a1_2_classical_check"):
        assert after[same] == before[same]


def test_nothing_to_grade_where_no_notebook_could_be_read(book: Path) -> None:
    """A submission that was refused has 0 points, and asks for nobody's time."""
    said = "ada/part_a holds no notebook (.ipynb): hand in part_a.ipynb"
    found = [
        ExerciseResult(e.id, 0, e.points, "manual" if e.manual else "missing", None, said)
        for e in MANIFEST.of_part("a")
    ]
    write(book, summed("ada", "a", found, (said,)))
    marks = [row for row in rows(book).values() if "auto_score" in row]
    assert {(row["auto_score"], row["needs_manual_grade"]) for row in marks} == {(0, False)}


def test_late_submissions_and_extensions(book: Path, tmp_path: Path) -> None:
    """The file timestamp.txt is read, so due dates and extensions count."""
    write(book, graded("bob"))
    by_hand(
        book,
        lambda g: g.update_or_create_assignment("part_a", duedate="2030-01-31 12:00:00 UTC"),
    )
    for student, text in {"ada": "2030-01-31 13:00:00 UTC", "bob": "soon"}.items():
        folder = tmp_path / "submitted" / student / "part_a"
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text(text)
    notes = write(book, graded(), graded("bob"), submitted=tmp_path / "submitted")
    assert any("bob/part_a/timestamp.txt is no time" in note for note in notes)
    with opened(book) as gradebook:
        assert gradebook.find_submission("part_a", "ada").total_seconds_late == 3600
        gradebook.grant_extension("part_a", "ada", hours=2)
    write(book, graded(), submitted=tmp_path / "submitted")
    with opened(book) as gradebook:
        assert gradebook.find_submission("part_a", "ada").total_seconds_late == 0


def test_a_cell_that_the_gradebook_lacks_is_told(book: Path) -> None:
    """The other scores are written; points that changed in the manifest are put right."""
    with sqlite3.connect(book) as connection:
        connection.execute("UPDATE base_cell SET name = 'old' WHERE name = 'a1_1_forward_check'")
        connection.execute(
            "UPDATE grade_cells SET max_score = 99 WHERE id ="
            " (SELECT id FROM base_cell WHERE name = 'a1_2_classical_check')"
        )
    connection.close()
    notes = write(book, graded())
    assert sum("no cell a1_1_forward_check in part_a" in note for note in notes) == 1
    assert "part_a: a1_2_classical_check is worth 3 points now" in notes
    assert rows(book)["a1_2_classical_check"]["auto_score"] == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("UPDATE alembic_version SET version_num = '167914646830'", "nbgrader db upgrade"),
        ("DROP TABLE alembic_version", "nbgrader db upgrade"),
        ("DROP TABLE grade", "another program's database"),
    ],
)
def test_other_schemas_are_left_alone(book: Path, spoil: str, words: str) -> None:
    """A gradebook of another version, or something else, is named and not written to."""
    with sqlite3.connect(book) as connection:
        connection.execute(spoil)
    connection.close()
    before = book.read_bytes()
    with pytest.raises(GradebookError, match=words):
        GradebookWriter(str(book), MANIFEST).check()
    with pytest.raises(GradebookError, match=words):
        write(book, graded())
    assert book.read_bytes() == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A text file, a folder, a missing folder, an unknown kind: one line each."""
    text = tmp_path / "notes.txt"
    text.write_text("These are my notes, and no database at all. " * 50)
    cases = {
        str(text): "this file is no gradebook",
        str(tmp_path): "is a folder",
        str(tmp_path / "no" / "gradebook.db"): "is not there",
        "mysql://host/db": "of kind mysql is not known",
    }
    for place, words in cases.items():
        with pytest.raises(GradebookError, match=words) as caught:
            GradebookWriter(place, MANIFEST, patience=0).check()
        assert "\n" not in str(caught.value)
    assert text.read_text().startswith("These are my notes")


def test_a_locked_gradebook_is_waited_for(book: Path) -> None:
    """While another program holds the file nothing is written; after that everything is."""
    holder = sqlite3.connect(book, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(GradebookError, match="another program holds it"):
            GradebookWriter(str(book), MANIFEST, patience=0).write([graded()])
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    write(book, graded())
    assert rows(book)["a1_1_forward_check"]["auto_score"] == 1


def test_addresses() -> None:
    """PostgreSQL is reached through psycopg 3, and passwords are not shown."""
    for scheme in ("postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"):
        assert database_url(f"{scheme}://u:p@h/db") == "postgresql+psycopg://u:p@h/db"
    assert database_url("sqlite:///x.db") == "sqlite:///x.db"
    assert shown("postgresql://u:secret@h/db") == "postgresql://u:***@h/db"


def test_messages_are_no_markup(book: Path) -> None:
    """Comments are rendered with raw HTML: no tag, no NUL, no lone surrogate gets there."""
    write(book, graded(message="a < b <script>x</script> \x00 \udcf6 <!-- c -->"))
    comment = rows(book)["a1_1_forward"]["auto_comment"]
    assert comment == "a < b <\u200bscript>x<\u200b/script> � \\udcf6 <\u200b!-- c -->"
    assert plain("1 < 2 and 3<4") == "1 < 2 and 3<4"
