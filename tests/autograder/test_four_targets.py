"""Every check on four targets: solutions pass, stubs fail, mistakes are caught, variants pass."""

from __future__ import annotations

import pytest

from autograder.bank import (
    ROOT,
    Mistake,
    Variant,
    answer_source,
    mistakes,
    solution_source,
    stub_source,
    variants,
)
from autograder.checking import CheckOutcome, check_module, checks_of, run_checks
from autograder.diagnosis import diagnose, local_behaviour
from autograder.subject import LocalSubject
from course.build.complete import gaps
from course.build.layout import Layout
from course.manifest import Exercise, load_manifest
from tests.autograder.tally import tally

EXERCISES = [e for e in load_manifest().exercises.values() if not e.manual]
GAPS = gaps(Layout(ROOT), load_manifest())
MISTAKES = [(e, m) for e in EXERCISES for m in mistakes(e.id)]
VARIANTS = [(e, v) for e in EXERCISES for v in variants(e.id)]


def outcomes(exercise: Exercise, source: str) -> list[CheckOutcome]:
    """What the exercise's checks say of an answer of our own."""
    return run_checks(check_module(exercise.id), LocalSubject(), source, exercise.checks)


def told(found: list[CheckOutcome]) -> str:
    return "; ".join(f"{o.name}: {o.kind} {o.message}" for o in found)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_manifest_lists_exactly_the_checks(exercise: Exercise) -> None:
    """Does every check of the file have points, and every named check a test?"""
    assert set(checks_of(check_module(exercise.id))) == set(exercise.checks)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_solution_passes_every_check(request: pytest.FixtureRequest, exercise: Exercise) -> None:
    """Does the reference get all points?"""
    found = outcomes(exercise, solution_source(exercise))
    tally(request, exercise.id, "solutions", sum(o.passed for o in found), len(found))
    assert all(o.passed for o in found), told(found)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_stub_fails_every_check(request: pytest.FixtureRequest, exercise: Exercise) -> None:
    """Does an untouched notebook get nothing from any check?"""
    found = outcomes(exercise, stub_source(exercise))
    tally(request, exercise.id, "stubs", sum(not o.passed for o in found), len(found))
    assert not any(o.passed for o in found), told(found)
    assert {o.kind for o in found} == {"not_implemented"}, told(found)


@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{e.id}-{m.slug}" for e, m in MISTAKES]
)
def test_mistake_is_caught_and_named(
    request: pytest.FixtureRequest, exercise: Exercise, mistake: Mistake
) -> None:
    """Does a known wrong answer lose points by a message or an error, and is it told apart?"""
    source = answer_source(exercise, mistake)
    found = outcomes(exercise, source)
    caught = any(not o.passed for o in found)
    assert caught, "no check caught it"
    assert not any(o.kind == "check-error" for o in found), told(found)
    named = diagnose(exercise.id, local_behaviour(exercise, source))
    tally(
        request, exercise.id, "mistakes", int(named is not None and named.slug == mistake.slug), 1
    )
    assert named is not None, "no diagnosis"
    assert named.slug == mistake.slug


@pytest.mark.parametrize(
    ("exercise", "variant"), VARIANTS, ids=[f"{e.id}-{v.slug}" for e, v in VARIANTS]
)
def test_variant_passes_every_check(
    request: pytest.FixtureRequest, exercise: Exercise, variant: Variant
) -> None:
    """Does correct work in another style get all points, and no diagnosis?"""
    source = answer_source(exercise, variant)
    found = outcomes(exercise, source)
    tally(request, exercise.id, "variants", int(all(o.passed for o in found)), 1)
    assert all(o.passed for o in found), told(found)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_exercise_is_complete(exercise: Exercise) -> None:
    """Are there a probe, a visible check, four mistakes and three variants?"""
    assert not GAPS[exercise.id], "\n".join(GAPS[exercise.id])


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_slugs_are_told_apart(exercise: Exercise) -> None:
    """Has each mistake of an exercise, and each variant, a name of its own?"""
    for slugs in ([m.slug for m in mistakes(exercise.id)], [v.slug for v in variants(exercise.id)]):
        assert len(set(slugs)) == len(slugs), slugs
