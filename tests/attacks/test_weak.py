"""The suite can fail: a grader that shares its process with the answers loses to most attacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.bank import solution_source, stub_source
from course.manifest import load_manifest
from tests.attacks.arena import ANSWER
from tests.attacks.attack import Attack
from tests.attacks.corpus import attacks_of, score_protocol
from tests.attacks.host import AnswerServer, fill_grader_folder
from tests.attacks.weak import REFERENCES, weak_verdict

# What needs a worker's protocol, or reads a notebook, has nothing to attack here.
ATTACKS = [
    attack
    for kind in ("comparison", "theft", "score")
    for attack in attacks_of(kind)
    if attack.exercise in REFERENCES and not attack.harms and not attack.cells
    if attack not in score_protocol.ATTACKS
]
EXERCISES = load_manifest().exercises


def beats_weak(attack: Attack, folder: Path, port: int) -> bool:
    """Whether an attack gets full marks from the weak grader."""
    folder.mkdir()
    fill_grader_folder(folder, ANSWER)
    text = attack.source.replace("@CANARY@", str(folder)).replace("@MARKER@", "atkweak")
    return weak_verdict(attack.exercise, text.replace("@PORT@", str(port)), folder)


@pytest.mark.parametrize("exercise", REFERENCES)
def test_weak_grader_grades(exercise: str, tmp_path: Path) -> None:
    """Does it give the reference its points and an untouched cell none, as a grader should?"""
    known = EXERCISES[exercise]
    assert weak_verdict(exercise, solution_source(known), tmp_path)
    assert not weak_verdict(exercise, stub_source(known), tmp_path)


def test_most_attacks_beat_a_grader_in_the_same_process(tmp_path: Path) -> None:
    """Do more than half of the attacks on comparison, expected values and score succeed there?"""
    server = AnswerServer(ANSWER)
    try:
        won = {a.slug: beats_weak(a, tmp_path / a.slug, server.port) for a in ATTACKS}
    finally:
        server.close()
    lost = sorted(slug for slug, beaten in won.items() if not beaten)
    assert sum(won.values()) > len(won) / 2, f"{len(lost)} of {len(won)} fail: {', '.join(lost)}"
