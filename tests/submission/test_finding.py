"""Which submissions are found, and what is said of those that are not."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.submission import Refusal, Submission, SubmissionError, find_submissions


def hand_in(root: Path, *parts: str, text: str = "{}") -> Path:
    path = root.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    """A class with one sound submission."""
    root = tmp_path / "submitted"
    hand_in(root, "aria", "part_a", "part_a.ipynb")
    return root


def refusal_of(submitted: Path, student: str, assignment: str | None = "part_a") -> Refusal:
    """Gives the one refusal of ``student`` and sees that aria is still found."""
    found = find_submissions(submitted, assignment)
    aria = submitted / "aria" / "part_a" / "part_a.ipynb"
    assert Submission("aria", "part_a", aria) in found
    refusals = [item for item in found if item.student == student]
    assert len(refusals) == 1
    assert isinstance(refusals[0], Refusal)
    assert "\n" not in refusals[0].message
    return refusals[0]


def test_submissions_are_sorted_by_student_and_assignment(submitted: Path) -> None:
    hand_in(submitted, "aria", "part_b", "part_b.ipynb")
    hand_in(submitted, "Ömer Ünal", "part_a", "mine.ipynb")
    hand_in(submitted, "aria", "part_a", "timestamp.txt")
    hand_in(submitted, "aria", "part_a", ".ipynb_checkpoints", "part_a-checkpoint.ipynb")
    found = find_submissions(submitted)
    assert all(isinstance(item, Submission) for item in found)
    names = [(item.student, item.assignment) for item in found]
    assert names == [("aria", "part_a"), ("aria", "part_b"), ("Ömer Ünal", "part_a")]


def test_one_assignment_is_picked(submitted: Path) -> None:
    hand_in(submitted, "aria", "part_b", "part_b.ipynb")
    found = find_submissions(submitted, "part_b")
    assert [item.assignment for item in found] == ["part_b"]


@pytest.mark.parametrize(
    ("folder", "assignment", "message"),
    [
        ("nowhere", None, "is not there: give the folder that holds a folder per student"),
        ("submitted", "part_c", "unknown assignment 'part_c': this course has part_a, part_b"),
        ("submitted/aria/part_a/part_a.ipynb", None, "is not a folder: give the folder"),
        ("submitted/aria", None, "holds one student's assignments: give the folder above it"),
        (".", None, "holds no submission of part_a or part_b: notebooks are expected at"),
    ],
)
def test_nothing_to_grade_is_an_error(
    submitted: Path, folder: str, assignment: str | None, message: str
) -> None:
    with pytest.raises(SubmissionError, match=message):
        find_submissions(submitted.parent / folder, assignment)


def test_two_notebooks_are_refused_by_name(submitted: Path) -> None:
    hand_in(submitted, "ben", "part_a", "part_a.ipynb")
    hand_in(submitted, "ben", "part_a", "part_a-Copy1.ipynb")
    message = refusal_of(submitted, "ben").message
    assert message == (
        "ben/part_a holds 2 notebooks (part_a-Copy1.ipynb, part_a.ipynb): leave the one to grade"
    )


def test_folder_without_notebook_and_student_without_folder(submitted: Path) -> None:
    hand_in(submitted, "ben", "part_a", "answer.py")
    (submitted / "cho").mkdir()
    assert (
        "holds no notebook (.ipynb): hand in part_a.ipynb" in refusal_of(submitted, "ben").message
    )
    assert refusal_of(submitted, "cho").message == "cho has no folder part_a: nothing was handed in"


def test_student_with_nothing_gets_a_refusal_for_each_assignment(submitted: Path) -> None:
    (submitted / "cho").mkdir()
    found = [item for item in find_submissions(submitted) if item.student == "cho"]
    assert [item.assignment for item in found] == ["part_a", "part_b"]


def test_unknown_assignment_folder_is_named_but_not_graded(submitted: Path) -> None:
    hand_in(submitted, "aria", "part_z", "part_a.ipynb")
    found = find_submissions(submitted)
    refused = [item for item in found if isinstance(item, Refusal)]
    assert [item.graded for item in refused] == [False]
    assert refused[0].message == (
        "aria/part_z is no assignment of this course: name the folder part_a or part_b"
    )


@pytest.mark.parametrize("level", ["student", "assignment", "notebook"])
def test_symbolic_link_is_refused_at_every_level(submitted: Path, level: str) -> None:
    target = submitted / "aria"
    link = submitted / "eve"
    if level != "student":
        target, link = target / "part_a", link / "part_a"
    if level == "notebook":
        target, link = target / "part_a.ipynb", link / "part_a.ipynb"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    assert "is a symbolic link" in refusal_of(submitted, "eve").message


def test_pipe_is_refused_and_not_waited_for(submitted: Path) -> None:
    (submitted / "eve" / "part_a").mkdir(parents=True)
    os.mkfifo(submitted / "eve" / "part_a" / "part_a.ipynb")
    os.mkfifo(submitted / "pipe")
    assert "is a named pipe" in refusal_of(submitted, "eve").message
    assert "is a named pipe" in refusal_of(submitted, "pipe").message


@pytest.mark.parametrize("kind", ["slip", "link", "bomb", "plain"])
def test_zip_is_refused_and_not_opened(submitted: Path, tmp_path: Path, kind: str) -> None:
    """With names that lead out of it, a link, or a hundred megabytes in a hundred kilobytes."""
    folder = submitted / "eve" / "part_a"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "work\n.ZIP", "w", zipfile.ZIP_DEFLATED) as packed:
        if kind == "slip":
            packed.writestr("../../../escaped.ipynb", "{}")
            packed.writestr(str(tmp_path / "escaped.ipynb"), "{}")
        elif kind == "link":
            link = zipfile.ZipInfo("part_a.ipynb")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(link, "/etc/passwd")
        else:
            packed.writestr("part_a.ipynb", bytes(10**8) if kind == "bomb" else "{}")
    before = sorted(tmp_path.rglob("*"))
    message = refusal_of(submitted, "eve").message
    assert message.startswith("eve/part_a holds work\\n.ZIP and no notebook: unpack it")
    assert sorted(tmp_path.rglob("*")) == before


def test_zip_beside_a_notebook_is_left_alone(submitted: Path) -> None:
    (submitted / "aria" / "part_a" / "figures.zip").write_bytes(b"PK")
    (found,) = find_submissions(submitted, "part_a")
    assert isinstance(found, Submission)


def test_folder_named_like_a_notebook_is_refused(submitted: Path) -> None:
    (submitted / "ben" / "part_a" / "part_a.ipynb").mkdir(parents=True)
    assert "is a folder: hand in the notebook itself" in refusal_of(submitted, "ben").message


@pytest.mark.parametrize("name", ["new\nline", "tab\there", "bell\x07", "right\u202eto-left"])
def test_unprintable_name_is_refused_on_one_line(submitted: Path, name: str) -> None:
    hand_in(submitted, name, "part_a", "part_a.ipynb")
    message = refusal_of(submitted, name).message
    assert message.isprintable()
    assert "unprintable characters in its name: rename it" in message


def test_name_that_is_not_utf8_is_refused(submitted: Path) -> None:
    name = os.fsdecode(b"bj\xf6rn")
    hand_in(submitted, name, "part_a", "part_a.ipynb")
    assert refusal_of(submitted, name).message.startswith("the student's folder bj\\udcf6rn has")


@pytest.mark.parametrize("name", ["..eve", "a..b", "...", "-rf", "C:\\eve", "%2e%2e"])
def test_strange_but_printable_name_is_graded(submitted: Path, name: str) -> None:
    path = hand_in(submitted, name, "part_a", "part_a.ipynb")
    assert Submission(name, "part_a", path) in find_submissions(submitted, "part_a")


def test_tools_own_files_are_not_students(submitted: Path) -> None:
    for name in (".git", "__MACOSX", ".ipynb_checkpoints"):
        hand_in(submitted, name, "config")
    hand_in(submitted, ".DS_Store")
    hand_in(submitted, "roster.csv")
    found = find_submissions(submitted)
    assert [item.student for item in found] == ["aria", "roster.csv"]
    assert isinstance(found[1], Refusal)
    assert not found[1].graded
