"""One submission's result: the line of ``results.jsonl`` that everything else reads.

The keys and their forms are the package's contract; ``repairs``, ``tier`` and ``trainings`` (of
a submission) and ``device``, ``limit``, ``seconds`` and ``checks`` (of an exercise) come in
addition. A line is strict JSON on one line for every reader, so Unicode line separators and lone
surrogates are written as escapes.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, cast

from autograder import findings
from autograder.atomic import write_atomically, write_bytes_atomically
from autograder.json_fields import Fields, ResultError
from autograder.result_types import (
    STATUSES,
    CheckOutcome,
    ExerciseResult,
    Status,
    SubmissionResult,
)

__all__ = [
    "STATUSES",
    "CheckOutcome",
    "ExerciseResult",
    "ResultError",
    "Status",
    "SubmissionResult",
    "from_json_line",
    "number",
    "read_results",
    "spreadsheet_safe",
    "to_json_line",
    "write_atomically",
    "write_bytes_atomically",
    "write_grades_csv",
    "write_results",
]

# str.splitlines() breaks at these, although JSON allows them inside a string.
_LINE_BREAKS: Final = str.maketrans({c: f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"})
# Full-width signs too: spreadsheets take them for the plain ones.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def number(value: float) -> int | float:
    """Gives ``value`` as an int where it is whole, else rounded to six places.

    Raises:
        ResultError: ``value`` is not finite.
    """
    if not math.isfinite(value):
        raise ResultError(f"a score or a time must be a finite number, not {value}")
    rounded = round(float(value), 6)
    return int(rounded) if rounded.is_integer() else rounded


def to_json_line(result: SubmissionResult) -> str:
    """Writes ``result`` as one line of ``results.jsonl``, without the line's end.

    Raises:
        ResultError: A number is not finite or a status is unknown.
    """
    line = {
        "student": result.student,
        "assignment": result.assignment,
        "score": number(result.score),
        "max_score": number(result.max_score),
        "isolation": result.isolation,
        "seconds": number(result.seconds),
        "exercises": [_exercise_to_json(exercise) for exercise in result.exercises],
        "repairs": list(result.repairs),
        "tier": result.tier,
        "trainings": [findings.to_json(finding) for finding in result.trainings],
    }
    text = json.dumps(line, ensure_ascii=False, allow_nan=False).translate(_LINE_BREAKS)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _exercise_to_json(exercise: ExerciseResult) -> dict[str, Any]:
    if exercise.status not in STATUSES:
        raise ResultError(f"{exercise.id}: unknown status {exercise.status!r}")
    return {
        "id": exercise.id,
        "score": number(exercise.score),
        "max_score": number(exercise.max_score),
        "status": exercise.status,
        "diagnosis": exercise.diagnosis,
        "message": exercise.message,
        "device": exercise.device,
        "limit": exercise.limit,
        "seconds": number(exercise.seconds),
        "checks": [
            {
                "name": check.name,
                "score": number(check.score),
                "max_score": number(check.max_score),
                "message": check.message,
            }
            for check in exercise.checks
        ],
    }


def from_json_line(line: str) -> SubmissionResult:
    """Reads one line of ``results.jsonl``.

    Raises:
        ResultError: The line is not JSON, or a key is missing, unknown or of a wrong type.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ResultError(f"not a line of JSON: {error}") from None
    fields = Fields(data, "result")
    exercises = enumerate(fields.items("exercises"))
    repairs = fields.items("repairs", optional=True)
    trainings = enumerate(fields.items("trainings", optional=True))
    if not all(isinstance(repair, str) for repair in repairs):
        raise ResultError("result.repairs: expected strings only")
    result = SubmissionResult(
        student=fields.text("student"),
        assignment=fields.text("assignment"),
        score=fields.number("score"),
        max_score=fields.number("max_score"),
        isolation=fields.text("isolation"),
        seconds=fields.number("seconds"),
        exercises=tuple(_exercise_from_json(e, f"exercises[{i}]") for i, e in exercises),
        repairs=tuple(map(str, repairs)),
        tier=fields.text_or("tier", "quick"),
        trainings=tuple(findings.from_json(f, f"trainings[{i}]") for i, f in trainings),
    )
    fields.close()
    return result


def _exercise_from_json(data: object, where: str) -> ExerciseResult:
    fields = Fields(data, where)
    status = fields.text("status")
    if status not in STATUSES:
        raise ResultError(f"{where}.status: {status!r} is not one of {', '.join(STATUSES)}")
    checks = enumerate(fields.items("checks", optional=True))
    result = ExerciseResult(
        id=fields.text("id"),
        score=fields.number("score"),
        max_score=fields.number("max_score"),
        status=cast("Status", status),
        diagnosis=fields.optional_text("diagnosis"),
        message=fields.text("message"),
        device=fields.text_or_none("device"),
        limit=fields.text_or_none("limit"),
        seconds=fields.number_or("seconds", 0.0),
        checks=tuple(_check_from_json(c, f"{where}.checks[{i}]") for i, c in checks),
    )
    fields.close()
    return result


def _check_from_json(data: object, where: str) -> CheckOutcome:
    fields = Fields(data, where)
    outcome = CheckOutcome(
        name=fields.text("name"),
        score=fields.number("score"),
        max_score=fields.number("max_score"),
        message=fields.text("message"),
    )
    fields.close()
    return outcome


def in_order(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    """Sorts by student, then assignment, so that every file has the same order on every run."""
    return sorted(results, key=lambda result: (result.student, result.assignment))


def write_results(out: Path, results: Iterable[SubmissionResult]) -> Path:
    """Writes ``results.jsonl`` into the folder ``out``, whole or not at all.

    Returns:
        The file's path.

    Raises:
        ResultError: A result is not in the contract's form; nothing is written then.
    """
    lines = [f"{to_json_line(result)}\n" for result in in_order(results)]
    return write_atomically(out / "results.jsonl", "".join(lines))


def read_results(path: Path) -> list[SubmissionResult]:
    """Reads ``results.jsonl``.

    Raises:
        ResultError: A line is wrong; the text names the file and the line.
    """
    results = []
    for index, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        try:
            if line.strip():
                results.append(from_json_line(line))
        except ResultError as error:
            raise ResultError(f"{path.name}:{index}: {error}") from None
    return results


def write_grades_csv(out: Path, results: Iterable[SubmissionResult]) -> Path:
    """Writes ``grades.csv`` into ``out``: a row per submission, a column per exercise.

    An exercise's cell is empty where the assignment has no such exercise.

    Returns:
        The file's path.
    """
    rows = in_order(results)
    ids = list(dict.fromkeys(exercise.id for row in rows for exercise in row.exercises))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "assignment", "score", "max_score", *ids])
    for row in rows:
        scores = {exercise.id: number(exercise.score) for exercise in row.exercises}
        names = [spreadsheet_safe(row.student), spreadsheet_safe(row.assignment)]
        total = [number(row.score), number(row.max_score)]
        writer.writerow([*names, *total, *(scores.get(key, "") for key in ids)])
    return write_atomically(out / "grades.csv", text.getvalue())


def spreadsheet_safe(text: str) -> str:
    """Gives ``text`` so that no spreadsheet takes it for a formula (a leading ``'``)."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
