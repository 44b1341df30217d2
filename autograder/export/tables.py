"""Tables for spreadsheets and learning platforms: csv, Canvas, Moodle.

Every text is guarded against being taken for a formula; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from autograder.results import SubmissionResult, number, spreadsheet_safe

Cell = str | int | float


def csv_files(results: Sequence[SubmissionResult]) -> Mapping[str, str]:
    """Makes ``exercises.csv``: a row for each exercise of each submission."""
    header = ("student", "assignment", "exercise", "status", "score", "max_score")
    rows: list[Sequence[Cell]] = [(*header, "diagnosis", "message")]
    for result in results:
        for e in result.exercises:
            points = (number(e.score), number(e.max_score))
            names = (result.student, result.assignment, e.id, e.status)
            rows.append((*names, *points, e.diagnosis or "", e.message))
    return {"exercises.csv": _written(rows)}


def canvas_files(results: Sequence[SubmissionResult]) -> Mapping[str, str]:
    """Makes ``canvas.csv`` in the form of Canvas's gradebook import.

    The five columns before the grades are Canvas's own. Students are matched by their login; a
    cell of an assignment that was not handed in is empty, which Canvas leaves as it is.
    """
    names = _assignments(results)
    rows: list[Sequence[Cell]] = [
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names),
        ("    Points Possible", "", "", "", "", *(number(p) for p in names.values())),
    ]
    for student, own in _by_student(results).items():
        grades = (number(own[name].score) if name in own else "" for name in names)
        rows.append((student, "", "", student, "", *grades))
    return {"canvas.csv": _written(rows)}


def moodle_files(results: Sequence[SubmissionResult]) -> Mapping[str, str]:
    """Makes ``moodle.csv`` in the form of Moodle's grade import, with written feedback.

    Students are matched by ``username``; Moodle asks which grade item each column belongs to.
    """
    names = _assignments(results)
    columns = (column for name in names for column in (name, f"{name} feedback"))
    rows: list[Sequence[Cell]] = [("username", *columns)]
    for student, own in _by_student(results).items():
        row: list[Cell] = [student]
        for name in names:
            found = own.get(name)
            row += [number(found.score), _feedback(found)] if found else ["", ""]
        rows.append(row)
    return {"moodle.csv": _written(rows)}


def _assignments(results: Iterable[SubmissionResult]) -> dict[str, float]:
    """Gives each assignment and the points it is worth."""
    points: dict[str, float] = {}
    for result in results:
        known = points.get(result.assignment, 0.0)
        points[result.assignment] = max(known, result.max_score)
    return dict(sorted(points.items()))


def _by_student(
    results: Iterable[SubmissionResult],
) -> dict[str, dict[str, SubmissionResult]]:
    students: dict[str, dict[str, SubmissionResult]] = {}
    for result in results:
        students.setdefault(result.student, {})[result.assignment] = result
    return students


def _feedback(result: SubmissionResult) -> str:
    """Gives a line for each exercise that did not pass."""
    lines = (
        f"{e.id} ({number(e.score)} of {number(e.max_score)}): {e.message or e.status}"
        for e in result.exercises
        if e.status not in ("passed", "manual")
    )
    return "\n".join(lines)


def _written(rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([spreadsheet_safe(c) if isinstance(c, str) else c for c in row])
    return text.getvalue()
