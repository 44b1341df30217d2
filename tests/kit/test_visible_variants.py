"""The visible checks raise no false alarm: answers in another style that are right pass too."""

from __future__ import annotations

import pytest
from kit.checks.registry import OBJECTS

from autograder import bank
from tests.kit.answers import judged

FILES = {path.stem for path in (bank.ROOT / "autograder" / "variants").glob("*.py")}
# That every exercise has its variants is the four-target test's matter.
VARIANTS = [(name, variant) for name in OBJECTS if name in FILES for variant in bank.variants(name)]


# What a student's libraries warn of is no error in a notebook.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("exercise", "variant"), VARIANTS, ids=[f"{name}-{v.slug}" for name, v in VARIANTS]
)
def test_a_right_answer_in_another_style_passes(exercise: str, variant: bank.Variant) -> None:
    table = judged(exercise, variant)
    assert table.passed, repr(table)
