"""Answers of the graders' bank, judged by the visible checks as in a solved notebook."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from kit import CheckTable, add_variance, check
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


@cache
def notebook_names() -> dict[str, Any]:
    """A notebook's names after all exercises were solved; not to be changed."""
    names: dict[str, Any] = dict(PRELUDE)
    for exercise in OBJECTS:
        exec(bank.solution_source(EXERCISES[exercise]), names)
    return names


def judged(exercise: str, answer: bank.Mistake | bank.Variant) -> CheckTable:
    """What the visible checks say of an answer, all else being solved."""
    names = dict(notebook_names())
    exec(bank.answer_source(EXERCISES[exercise], answer), names)
    return check(exercise, *(names[name] for name in OBJECTS[exercise]))
