"""Checks of `strided_timesteps(start=990, stride=30)`.

The answer is a short list of whole numbers, so it is compared exactly; a tensor or an array of
whole numbers is as good as a list. Other starts and strides, 0 itself and a stride of 1 show
whether the arguments are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checking import expect
from autograder.diagnosis import Behaviour, attempt
from autograder.subject import Subject

ARGUMENTS = ((960, 60), (900, 300), (999, 1), (70, 7), (25, 25), (0, 30))


def expected(start: int, stride: int) -> list[int]:
    """All multiples of the stride from start down to 0."""
    return [stride * k for k in range(start // stride, -1, -1)]


def whole_numbers(value: Any) -> list[int]:
    """An answer as a list of int, or a failed check."""
    if isinstance(value, Tensor | np.ndarray):
        value = torch.as_tensor(value)
        expect(value.dim() == 1, "The timesteps must be one list, without further dimensions.")
        value = value.tolist()
    if isinstance(value, list | tuple):
        value = [v.item() if isinstance(v, Tensor | np.ndarray) and v.size else v for v in value]
        fits = all(type(v) is int for v in value)
        expect(fits, "Timesteps are indices, so they must be whole numbers (int, not float).")
        return list(value)
    expect(False, f"strided_timesteps must return a list, not {type(value).__name__}.")
    return []


def compare(found: list[int], start: int, stride: int, call: str) -> None:
    """Says what is wrong with a list of timesteps."""
    right = expected(start, stride)
    expect(bool(found), f"{call} is empty: a falling range needs a negative step.")
    expect(found[0] == start, f"{call} must begin with {start}, yours begins with {found[0]}.")
    expect(found[-1] == 0, f"{call} must end with 0, yours ends with {found[-1]}.")
    count = f"{call} must have {len(right)} entries, yours has {len(found)}."
    expect(len(found) == len(right), count)
    expect(found == right, f"{call} must fall by {stride} from each entry to the next.")


def test_values(student: Subject) -> None:
    """By default the timesteps are 990, 960, ..., 30, 0."""
    compare(whole_numbers(student.call("strided_timesteps")), 990, 30, "strided_timesteps()")


def test_arguments(student: Subject) -> None:
    """Start and stride are used, by position and by name."""
    for start, stride in ARGUMENTS:
        call = f"strided_timesteps({start}, {stride})"
        compare(
            whole_numbers(student.call("strided_timesteps", start, stride)), start, stride, call
        )
    found = student.call("strided_timesteps", stride=50, start=950)
    compare(whole_numbers(found), 950, 50, "strided_timesteps(stride=50, start=950)")
    found = student.call("strided_timesteps", stride=90)
    compare(whole_numbers(found), 990, 90, "strided_timesteps(stride=90)")


def probe(student: Subject) -> Behaviour:
    """The lists for the defaults and for other arguments."""
    calls = ((), (960, 60), (70, 7), (0, 30))
    found: Behaviour = {}
    for args in calls:
        value = attempt(student.call, "strided_timesteps", *args)
        whole = isinstance(value, Tensor) and not value.is_floating_point()
        found[f"list {args}"] = value.double() if isinstance(value, Tensor) else value
        found[f"whole {args}"] = float(whole)
    return found
