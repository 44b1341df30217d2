"""Finds the submissions of a class: ``submitted/<student>/<assignment>/<notebook>.ipynb``."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.submission.files import SubmissionError, kind_of, printable

ASSIGNMENTS = ("part_a", "part_b")


@dataclass(frozen=True)
class Submission:
    """A notebook to grade.

    Attributes:
        student: The name of the student's folder.
        assignment: The name of the assignment's folder, such as ``part_a``.
        path: The notebook.
    """

    student: str
    assignment: str
    path: Path


@dataclass(frozen=True)
class Refusal:
    """Something handed in that cannot be graded; the others go on.

    Attributes:
        student: The name of the student's folder.
        assignment: The assignment that it was to be; empty where it is none of the course.
        message: One line: what, where, what to do.
    """

    student: str
    assignment: str
    message: str

    @property
    def graded(self) -> bool:
        """Whether a result of 0 is due; not where no assignment of the course was meant."""
        return bool(self.assignment)


PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def find_submissions(
    submitted: Path, assignment: str | None = None, known: Collection[str] = ASSIGNMENTS
) -> list[Submission | Refusal]:
    """Lists what the class handed in, sorted by student and assignment.

    Args:
        submitted: The folder with a folder per student.
        assignment: The one assignment to look for; every known one by default.
        known: The course's assignments.

    Returns:
        A notebook or a refusal for each student and assignment. A student without the one
        assignment that was asked for, or with none at all, gets a refusal.

    Raises:
        SubmissionError: Nothing can be graded: no such folder, an unknown assignment, no student.
    """
    if assignment is not None and assignment not in known:
        raise SubmissionError(
            f"unknown assignment {assignment!r}: this course has {', '.join(sorted(known))}"
        )
    if not submitted.is_dir():
        raise SubmissionError(
            f"{submitted} is {'not there' if not submitted.exists() else 'not a folder'}: "
            "give the folder that holds a folder per student"
        )
    if any(
        (submitted / name).is_dir() and any((submitted / name).glob("*.ipynb")) for name in known
    ):
        raise SubmissionError(
            f"{submitted} holds one student's assignments: give the folder above it"
        )
    wanted = [assignment] if assignment else sorted(known)
    students = [entry for entry in _listing(submitted) if _may_be_student(entry, known)]
    if not any(os.path.lexists(entry / name) for entry in students for name in wanted):
        raise SubmissionError(
            f"{submitted} holds no submission of {' or '.join(wanted)}: "
            "notebooks are expected at <student>/<assignment>/<notebook>.ipynb"
        )
    found = [item for entry in students for item in _of_student(entry, wanted, known)]
    found.sort(key=lambda item: (item.student, item.assignment))
    return found


def _listing(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: path.name)


def _may_be_student(entry: Path, known: Collection[str]) -> bool:
    """Leaves out what tools and operating systems put there, never a student's folder."""
    name = entry.name
    if name.startswith(".") or name == "__MACOSX":
        return entry.is_dir() and any((entry / assignment).exists() for assignment in known)
    return True


def _of_student(
    entry: Path, wanted: list[str], known: Collection[str]
) -> Iterator[Submission | Refusal]:
    student = entry.name
    shown = printable(student)
    if kind_of(entry) != "a folder":
        # A plain file beside the students' folders is nobody's submission.
        due = [""] if kind_of(entry) == "a file" else wanted
        message = f"{shown} is {kind_of(entry)}, not a student's folder: replace or remove it"
        yield from (Refusal(student, assignment, message) for assignment in due)
        return
    if shown != student:
        message = f"the student's folder {shown} has unprintable characters in its name: rename it"
        yield from (Refusal(student, assignment, message) for assignment in wanted)
        return
    try:
        folders = [path for path in _listing(entry) if not path.name.startswith(".")]
    except OSError as error:
        message = f"{shown} cannot be listed ({error.strerror}): check the folder's permissions"
        yield from (Refusal(student, assignment, message) for assignment in wanted)
        return
    yield from _of_folders(student, folders, wanted, known)


def _of_folders(
    student: str, folders: list[Path], wanted: list[str], known: Collection[str]
) -> Iterator[Submission | Refusal]:
    by_name = {folder.name: folder for folder in folders}
    handed_in = [assignment for assignment in wanted if assignment in by_name]
    yield from (_of_assignment(student, name, by_name[name]) for name in handed_in)
    for name, folder in by_name.items():
        if name not in known and kind_of(folder) != "a file":
            yield Refusal(
                student,
                "",
                f"{student}/{printable(name)} is no assignment of this course: "
                f"name the folder {' or '.join(sorted(known))}",
            )
    if not handed_in:
        message = f"{student} has no folder {' or '.join(wanted)}: nothing was handed in"
        yield from (Refusal(student, assignment, message) for assignment in wanted)


def _of_assignment(student: str, assignment: str, folder: Path) -> Submission | Refusal:
    where = f"{student}/{assignment}"

    def refuse(message: str) -> Refusal:
        return Refusal(student, assignment, message)

    if kind_of(folder) != "a folder":
        return refuse(f"{where} is {kind_of(folder)}: a folder with the notebook is expected")
    try:
        entries = [path for path in _listing(folder) if not path.name.startswith(".")]
    except OSError as error:
        return refuse(f"{where} cannot be listed ({error.strerror}): check its permissions")
    notebooks = [path for path in entries if path.name.lower().endswith(".ipynb")]
    if not notebooks:
        packed = [path for path in entries if path.name.lower().endswith(PACKED)]
        if packed:  # never opened: what it would write, where, and how much is its author's choice
            name = printable(packed[0].name)
            return refuse(f"{where} holds {name} and no notebook: unpack it, or hand in the .ipynb")
        return refuse(f"{where} holds no notebook (.ipynb): hand in {assignment}.ipynb")
    if len(notebooks) > 1:
        names = ", ".join(printable(path.name) for path in notebooks[:3])
        more = f" and {len(notebooks) - 3} more" if len(notebooks) > 3 else ""
        return refuse(
            f"{where} holds {len(notebooks)} notebooks ({names}{more}): leave the one to grade"
        )
    notebook = notebooks[0]
    if kind_of(notebook) != "a file":
        name = f"{where}/{printable(notebook.name)}"
        return refuse(f"{name} is {kind_of(notebook)}: hand in the notebook itself")
    return Submission(student, assignment, notebook)
