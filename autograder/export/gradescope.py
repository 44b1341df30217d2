"""Gradescope's ``results.json``, one file for each submission.

Students see scores and authored messages; the recognised mistake and the isolation level go to
``extra_data``, which only instructors can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograder.report.filenames import safe_stem
from autograder.results import ExerciseResult, SubmissionResult, number


def gradescope_files(results: Sequence[SubmissionResult]) -> Mapping[str, str]:
    """Makes ``gradescope/<assignment>/<student>.json`` for each submission."""
    return {
        f"gradescope/{safe_stem(r.assignment)}/{safe_stem(r.student)}.json": json.dumps(
            gradescope_result(r), indent=1, ensure_ascii=True, allow_nan=False
        )
        + "\n"
        for r in results
    }


def gradescope_result(result: SubmissionResult) -> dict[str, Any]:
    """Gives one submission as Gradescope's autograder is to write it.

    Hand-graded exercises are no tests: Gradescope has questions of its own for them.
    """
    tests: list[dict[str, Any]] = []
    graded = [e for e in result.exercises if e.status != "manual"]
    for place, exercise in enumerate(graded, start=1):
        tests.extend(_tests(exercise, place))
    return {
        "score": number(result.score),
        "execution_time": number(result.seconds),
        "output": "\n".join(result.repairs),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "student": result.student,
            "assignment": result.assignment,
            "isolation": result.isolation,
        },
        "tests": tests,
        "leaderboard": [],
    }


def _tests(exercise: ExerciseResult, place: int) -> Iterator[dict[str, Any]]:
    """Gives a test for each named check, or one for an exercise without checks."""
    if not exercise.checks:
        passed = exercise.status == "passed"
        score, points = exercise.score, exercise.max_score
        yield _test(exercise, exercise.id, f"{place}", score, points, passed, exercise.message)
    for number_of, c in enumerate(exercise.checks, start=1):
        said = c.message or ("" if c.passed else exercise.message)
        name = f"{exercise.id}: {c.name}"
        yield _test(exercise, name, f"{place}.{number_of}", c.score, c.max_score, c.passed, said)


def _test(
    exercise: ExerciseResult,
    name: str,
    place: str,
    score: float,
    points: float,
    passed: bool,
    output: str,
) -> dict[str, Any]:
    return {
        "score": number(score),
        "max_score": number(points),
        "status": "passed" if passed else "failed",
        "name": name,
        "number": place,
        "output": output,
        "output_format": "text",
        "tags": [exercise.id, exercise.status],
        "visibility": "visible",
        "extra_data": {"diagnosis": exercise.diagnosis},
    }
