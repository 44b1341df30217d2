"""The data that the report's script shows: small, since texts are stored once, and inert."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.findings import line
from autograder.report.summary import OUTCOMES, Explain, checked_points, is_manual, outcome
from autograder.results import ExerciseResult, SubmissionResult, number
from course.exercise import Manifest

# Inside a script element, none of these may stand as themselves.
_INERT = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&'\u2028\u2029"})


class _Table:
    """Numbers each value at its first use."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, value: str) -> int:
        return self._places.setdefault(value, len(self._places))

    def values(self) -> list[str]:
        return list(self._places)


def payload(
    results: Sequence[SubmissionResult],
    manifest: Manifest,
    explain: Explain,
    pages: Mapping[str, str],
    pictures: Mapping[tuple[str, str, str], str],
) -> dict[str, Any]:
    """Gives what the script needs, as plain JSON values.

    Submissions and answers are lists, not objects; the script names their places.

    Args:
        results: All submissions, in the order in which they are shown.
        manifest: The course's exercises.
        explain: Gives a mistake's sentence from exercise id and slug.
        pages: Each student's feedback page, relative to the report.
        pictures: Addresses of answers' pictures by student, assignment and exercise.
    """
    texts, exercises, images = _Table(), _Table(), _Table()
    submissions = [
        [
            result.student,
            texts.place(result.assignment),
            number(result.score),
            number(result.max_score),
            *map(number, checked_points(result, manifest)),
            number(result.seconds),
            texts.place(result.isolation),
            pages.get(result.student, ""),
            [texts.place(repair) for repair in result.repairs],
            [
                [
                    *_answer(e, texts, exercises),
                    images.place(pictures.get((result.student, result.assignment, e.id), "")),
                ]
                for e in result.exercises
            ],
            [texts.place(line(finding)) for finding in result.trainings],
        ]
        for result in results
    ]
    slugs = {(e.id, e.diagnosis) for r in results for e in r.exercises if e.diagnosis}
    says = {f"{key}/{slug}": explain(key, slug) for key, slug in sorted(slugs)}
    described = [_exercise(key, manifest, results) for key in exercises.values()]
    return {
        "outcomes": OUTCOMES,
        "exercises": described,
        "says": {key: words for key, words in says.items() if words},
        "texts": texts.values(),
        "images": images.values(),
        "submissions": submissions,
    }


def _exercise(key: str, manifest: Manifest, results: Sequence[SubmissionResult]) -> dict[str, Any]:
    known = manifest.exercises.get(key)
    if known:
        title, section = known.title, known.section
        rubric, manual = list(known.rubric), known.manual
    else:
        answer = next(e for r in results for e in r.exercises if e.id == key)
        title, section, rubric, manual = key, "", [], is_manual(answer, manifest)
    return {"id": key, "title": title, "section": section, "rubric": rubric, "manual": manual}


def _answer(exercise: ExerciseResult, texts: _Table, exercises: _Table) -> list[Any]:
    return [
        exercises.place(exercise.id),
        number(exercise.score),
        number(exercise.max_score),
        OUTCOMES.index(outcome(exercise)),
        texts.place(exercise.diagnosis) if exercise.diagnosis else -1,
        texts.place(exercise.message),
        [
            [texts.place(c.name), number(c.score), number(c.max_score), texts.place(c.message)]
            for c in exercise.checks
        ],
    ]


def inert_json(data: Any) -> str:
    """Writes JSON that can stand in a script element and never end it or open another."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.translate(_INERT)
