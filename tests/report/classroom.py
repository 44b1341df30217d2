"""A made-up class over the course's own manifest, the same on every run."""

from __future__ import annotations

import random

from autograder.bank import mistakes
from autograder.results import CheckOutcome, ExerciseResult, Status, SubmissionResult
from course.exercise import Exercise, Manifest

FIRST = [
    "Aria",
    "Ben",
    "Chloé",
    "Dmitri",
    "Elif",
    "Farid",
    "Grace",
    "Hiro",
    "Ines",
    "Jonas",
    "Keiko",
    "Lior",
    "Minh",
    "Noor",
    "Olek",
]
LAST = [
    "Adeyemi",
    "Berg",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "García",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Li",
]
HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    'O\'Neil, "Bob"',
    "李小龍",
    "עומר",
    "=HYPERLINK(1)",
)


def classroom(
    manifest: Manifest, size: int, parts: str = "a", seed: int = 0
) -> list[SubmissionResult]:
    """Makes ``size`` students with a submission for each part; the first have hostile names."""
    rng = random.Random(seed)
    names = list(HOSTILE[:size])
    while len(names) < size:
        names.append(f"{rng.choice(FIRST)} {rng.choice(LAST)} {len(names)}")
    return [_submission(rng, manifest, name, part) for name in names for part in parts]


def _submission(rng: random.Random, manifest: Manifest, name: str, part: str) -> SubmissionResult:
    skill = min(max(rng.gauss(0.72, 0.22), 0.02), 1.0)
    exercises = tuple(_exercise(rng, e, skill) for e in manifest.of_part(part))
    repairs = (
        ("a1_1_forward: 2 whole copies, the last is taken (cell 9)",) if rng.random() < 0.1 else ()
    )
    return SubmissionResult(
        student=name,
        assignment=f"part_{part}",
        score=sum(e.score for e in exercises),
        max_score=sum(e.max_score for e in exercises),
        isolation="strict",
        seconds=round(rng.uniform(0.4, 3.0) + (40 if rng.random() < 0.02 else 0), 2),
        exercises=exercises,
        repairs=repairs,
    )


def _exercise(rng: random.Random, exercise: Exercise, skill: float) -> ExerciseResult:
    if exercise.manual:
        status: Status = "manual" if rng.random() < 0.5 + skill / 2 else "missing"
        return ExerciseResult(exercise.id, 0, exercise.points, status, None, "A picture is there.")
    die = rng.random()
    if die < skill:
        passed = tuple(CheckOutcome(n, p, p) for n, p in exercise.checks.items())
        return ExerciseResult(
            exercise.id, exercise.points, exercise.points, "passed", checks=passed
        )
    if die > 0.97:
        return _nothing(exercise, "timeout", "Stopped after 60 s: is there a loop without an end?")
    if die > 0.94:
        return _nothing(exercise, "error", "NameError in line 4: name 'alphas' is not defined.")
    if die > 0.9:
        return _nothing(exercise, "missing", "No answer was found.")
    return _failed(rng, exercise)


def _nothing(exercise: Exercise, status: Status, message: str) -> ExerciseResult:
    checks = tuple(CheckOutcome(n, 0, p, message) for n, p in exercise.checks.items())
    return ExerciseResult(exercise.id, 0, exercise.points, status, None, message, checks)


def _failed(rng: random.Random, exercise: Exercise) -> ExerciseResult:
    try:
        known = [m.slug for m in mistakes(exercise.id)]
    except ImportError:
        known = ["sign-flipped", "root-forgotten", "off-by-one-step"]
    message = "At t = 500 the noise has the wrong size: compare its standard deviation."
    checks = []
    for place, (name, points) in enumerate(exercise.checks.items()):
        good = place == 0 and rng.random() < 0.7 and len(exercise.checks) > 1
        checks.append(CheckOutcome(name, points if good else 0, points, "" if good else message))
    slug = rng.choice(known[: 1 + int(rng.random() * len(known))]) if rng.random() < 0.8 else None
    score = sum(check.score for check in checks)
    return ExerciseResult(
        exercise.id, score, exercise.points, "failed", slug, message, tuple(checks)
    )
