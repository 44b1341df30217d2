"""The ten checks of `scale(x, factor)`, made of `benchmarks.ten.cases`."""

from __future__ import annotations

from collections.abc import Callable

import torch

from autograder.checking import expect
from autograder.subject import Subject
from benchmarks.ten.cases import CASES, Case


def _check(case: Case) -> Callable[[Subject], None]:
    def check(student: Subject) -> None:
        got = student.call("scale", torch.tensor(case.x), case.factor)
        right = isinstance(got, torch.Tensor) and torch.allclose(got, torch.tensor(case.expected))
        expect(right, f"scale({case.x}, {case.factor}) is wrong.")

    return check


globals().update({f"test_{case.name}": _check(case) for case in CASES})
