"""Pictures of wrong answers: kept as files beside the results, shown in the instructor's report."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from autograder.report.filenames import safe_stem
from autograder.results import SubmissionResult, write_bytes_atomically

FOLDER: Final = "pictures"
# So many bytes stand in the report itself; further ones are shown from the folder beside it.
EMBEDDED: Final = 8 * 2**20


def picture_file(out: Path, student: str, assignment: str, exercise: str) -> Path:
    """Where the picture of an answer is kept."""
    return out / FOLDER / safe_stem(student) / f"{safe_stem(assignment)}-{exercise}.webp"


def keep_pictures(out: Path, result: SubmissionResult) -> None:
    """Writes a submission's pictures, and removes those of answers that have none any more.

    Raises:
        OSError: The folder cannot be written.
    """
    for exercise in result.exercises:
        path = picture_file(out, result.student, result.assignment, exercise.id)
        if exercise.picture:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(path, exercise.picture)
        else:
            path.unlink(missing_ok=True)


def addresses(out: Path, results: Sequence[SubmissionResult]) -> dict[tuple[str, str, str], str]:
    """Addresses of the pictures in ``out`` by student, assignment and exercise.

    Equal pictures are embedded once; from ``EMBEDDED`` bytes on, addresses are paths relative to
    the report.
    """
    found: dict[tuple[str, str, str], str] = {}
    embedded: dict[bytes, str] = {}
    room = EMBEDDED
    for result in results:
        for exercise in result.exercises:
            path = picture_file(out, result.student, result.assignment, exercise.id)
            if exercise.status == "passed" or not path.is_file():
                continue
            content = path.read_bytes()
            key = (result.student, result.assignment, exercise.id)
            if content not in embedded and len(content) > room:
                found[key] = path.relative_to(out).as_posix()
                continue
            if content not in embedded:
                room -= len(content)
                coded = base64.b64encode(content).decode("ascii")
                embedded[content] = f"data:image/webp;base64,{coded}"
            found[key] = embedded[content]
    return found
