"""The visible checks raise no false alarm: answers in another style that are right pass too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from kit import add_variance, check
from kit.checks.registry import OBJECTS
from torch import Tensor, nn
from tqdm.auto import tqdm

from autograder import bank
from tests.kit.typical_mistakes import EXERCISES

PRELUDE = {
    "math": math,
    "np": np,
    "torch": torch,
    "F": F,
    "TF": TF,
    "Tensor": Tensor,
    "nn": nn,
    "tqdm": tqdm,
    "add_variance": add_variance,
    "__name__": "__main__",
}

FILES = {path.stem for path in (bank.ROOT / "autograder" / "variants").glob("*.py")}
# That every exercise has its variants is the four-target test's matter.
VARIANTS = [(name, variant) for name in OBJECTS if name in FILES for variant in bank.variants(name)]


@pytest.fixture(scope="module")
def earlier() -> dict[str, Any]:
    """A notebook's names after all exercises were solved."""
    names = dict(PRELUDE)
    for exercise in OBJECTS:
        exec(bank.solution_source(EXERCISES[exercise]), names)
    return names


# What a student's libraries warn of is no error in a notebook.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("exercise", "variant"), VARIANTS, ids=[f"{name}-{v.slug}" for name, v in VARIANTS]
)
def test_a_right_answer_in_another_style_passes(
    earlier: dict[str, Any], exercise: str, variant: bank.Variant
) -> None:
    names = dict(earlier)
    exec(bank.answer_source(EXERCISES[exercise], variant), names)
    table = check(exercise, *(names[name] for name in OBJECTS[exercise]))
    assert table.passed, repr(table)
