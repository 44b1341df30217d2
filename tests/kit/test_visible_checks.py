"""The visible checks: solutions pass, stubs are not written, mistakes are told in plain words."""

from __future__ import annotations

import pytest
from kit import check
from kit.checks.registry import OBJECTS, checks_of

from autograder import bank
from tests.kit.answers import judged
from tests.kit.typical_mistakes import EXERCISES, TYPICAL, Typical, mistaken, solved, stubs


def test_the_exercises_are_those_of_the_manifest() -> None:
    """Same ids in the same order, with the objects of their sources."""
    wanted = {
        name: tuple(source.split(":")[1] for source in exercise.sources)
        for name, exercise in EXERCISES.items()
    }
    assert list(OBJECTS.items()) == list(wanted.items())


@pytest.mark.parametrize("exercise", OBJECTS)
def test_visible_checks_are_named_as_the_graded_ones(exercise: str) -> None:
    """So that a student finds in the report what the notebook showed."""
    names = list(checks_of(exercise))
    assert names
    assert set(names) <= set(EXERCISES[exercise].checks)


@pytest.mark.parametrize("exercise", OBJECTS)
def test_the_solution_passes(exercise: str) -> None:
    table = check(exercise, *solved(exercise))
    assert table.passed, repr(table)


@pytest.mark.parametrize("exercise", OBJECTS)
def test_a_stub_is_not_written_yet(exercise: str) -> None:
    """Every check says so, in place of an error."""
    table = check(exercise, *stubs(exercise))
    assert {row.status for row in table.rows} == {"not written"}
    assert all(row.message.endswith("is not written yet") for row in table.rows)


@pytest.mark.parametrize(
    "mistake", TYPICAL, ids=lambda m: f"{m.exercise}-{m.check}-{TYPICAL.index(m)}"
)
def test_a_typical_mistake_gets_a_plain_message(mistake: Typical) -> None:
    """The check that looks at it fails, and says what is wrong in one line."""
    rows = {row.name: row for row in check(mistake.exercise, *mistaken(mistake)).rows}
    row = rows[mistake.check]
    assert row.status in {"failed", "error"}
    assert mistake.says in row.message
    assert "\n" not in row.message
    assert 15 < len(row.message) < 320


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", OBJECTS)
def test_some_known_mistake_is_seen(exercise: str) -> None:
    """So that no exercise has visible checks that pass whatever is written."""
    known = (judged(exercise, mistake) for mistake in bank.mistakes(exercise))
    assert any(not table.passed for table in known)
