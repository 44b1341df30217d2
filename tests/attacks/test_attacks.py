"""Every attack gets what its honest part deserves, leaves nothing, and disturbs no neighbour."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.attacks.arena import Arena
from tests.attacks.attack import CLASSES, Attack
from tests.attacks.corpus import all_attacks, attacks_of

CASES = [
    pytest.param(attack, id=f"{kind}-{attack.slug}", marks=[pytest.mark.slow] * attack.slow)
    for kind, attack in all_attacks()
]


def stopped_everywhere(attack: Attack) -> bool:
    """Whether every level stops it, so that it may be run at the weakest."""
    return attack.stopped_by == "process" and not attack.harms


@pytest.mark.parametrize("attack", CASES)
def test_attack_is_repelled(strict_arena: Arena, attack: Attack) -> None:
    """Does it get exactly the checks that it deserves, with no trace left, and the next all?"""
    outcome = strict_arena.run(attack)
    exercise = strict_arena.manifest.exercises[attack.exercise]
    assert outcome.traces == ()
    assert outcome.passed == attack.earns, outcome.result
    assert outcome.result.score == sum(exercise.checks[name] for name in attack.earns)
    assert outcome.result.max_score == exercise.points
    assert outcome.result.status != "passed" or attack.earns == tuple(exercise.checks)
    neighbour = strict_arena.honest()
    assert neighbour.score == neighbour.max_score, neighbour


@pytest.mark.slow
@pytest.mark.parametrize(
    "attack", [a for _, a in all_attacks() if stopped_everywhere(a)], ids=lambda a: a.slug
)
def test_attack_is_repelled_without_a_jail(process_arena: Arena, attack: Attack) -> None:
    """Is what needs no jail repelled at the weakest level, too?"""
    outcome = process_arena.run(attack)
    assert outcome.repelled(attack), outcome
    neighbour = process_arena.honest()
    assert neighbour.score == neighbour.max_score, neighbour


def test_corpus_is_large_and_in_order() -> None:
    """Are there sixty attacks over every class, with slugs of their own?"""
    attacks = all_attacks()
    assert len(attacks) >= 60
    assert all(len(attacks_of(kind)) >= 10 for kind in CLASSES)
    assert max(Counter(attack.slug for _, attack in attacks).values()) == 1


def test_what_an_attack_may_earn_are_checks_of_its_exercise(strict_arena: Arena) -> None:
    """Does every attack name an exercise, and checks of it in the manifest's order?"""
    for _, attack in all_attacks():
        checks = list(strict_arena.manifest.exercises[attack.exercise].checks)
        assert [name for name in checks if name in attack.earns] == list(attack.earns), attack.slug
