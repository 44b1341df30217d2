"""How a check is written, and how an exercise's checks are run on an answer.

A check is a pytest test that takes `student`, a `Subject`. It passes by returning, and fails by
`expect`. Anything else (an exception, a worker that is gone, a check that never reported) is no
point: only an explicit pass gives one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from .subject import HostFailureError, LocalSubject, StudentError, Subject

PREFIX = "test_"


class CheckFailureError(AssertionError):
    """An answer is wrong; the text is for the student."""


@dataclass(frozen=True)
class CheckOutcome:
    """What one check said.

    Attributes:
        name: As in the manifest.
        passed: Whether it gives its points.
        kind: passed, failed, a `StudentError` kind, or check-error where the check itself broke.
        message: For the student; empty where the check passed.
        limit: The limit that was reached; None for none.
    """

    name: str
    passed: bool
    kind: str
    message: str
    limit: str | None = None


def expect(condition: bool | Tensor, message: str) -> None:
    """Fails the check with a message for the student unless `condition` holds."""
    if not bool(condition):
        raise CheckFailureError(message)


def as_tensor(
    value: Any, shape: tuple[int, ...] | None, what: str, dtype: torch.dtype | None = torch.float32
) -> Tensor:
    """A plain finite tensor of the expected shape, or a failed check.

    Args:
        value: What an answer returned; NumPy arrays are taken as well.
        shape: Exact shape, or None for any.
        what: Names the value in messages.
        dtype: Exact dtype, or None for any floating-point one. The result is float32 or wider.
    """
    if not isinstance(value, Tensor):
        try:
            value = torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError):
            raise CheckFailureError(
                f"{what} must be a tensor, not {type(value).__name__}."
            ) from None
    if shape is not None:
        got = tuple(value.shape)
        expect(got == tuple(shape), f"{what} must have shape {tuple(shape)}, not {got}.")
    right = value.is_floating_point() if dtype is None else value.dtype == dtype
    expect(right, f"{what} must be of {dtype or 'a floating-point dtype'}, not {value.dtype}.")
    expect(torch.isfinite(value).all(), f"{what} has values that are not finite (nan or inf).")
    plain: Tensor = value if value.dtype == torch.float64 else value.float()
    return plain


def as_number(value: Any, what: str) -> float:
    """A finite number, also from a tensor of one element, or a failed check."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        raise CheckFailureError(f"{what} must be a number, not {type(value).__name__}.")
    tensor = as_tensor(value, None, what, dtype=None) if not isinstance(value, int) else None
    if tensor is None:
        return float(value)
    expect(tensor.numel() == 1, f"{what} must be one number, not {tuple(tensor.shape)} of them.")
    return float(tensor)


def close(a: Tensor, b: Tensor, rtol: float = 1e-4, atol: float = 1e-5) -> bool:
    """Whether two tensors of one shape agree everywhere."""
    if a.shape != b.shape:
        return False
    # What was served comes back as it was, most often, and that is told in one pass.
    same = a.dtype == b.dtype and torch.equal(a, b)
    return same or torch.allclose(a.double(), b.double(), rtol=rtol, atol=atol)


def check_module(exercise: str) -> ModuleType:
    """The module `autograder.checks.<id>`."""
    return importlib.import_module(f"autograder.checks.{exercise}")


def checks_of(module: ModuleType) -> dict[str, Callable[[Subject], None]]:
    """The checks of a module by their names in the manifest."""
    found = {k: v for k, v in vars(module).items() if k.startswith(PREFIX) and callable(v)}
    return {name.removeprefix(PREFIX): function for name, function in found.items()}


def prepare(module: ModuleType, student: Subject, source: str) -> None:
    """Defines an answer, with the stand-ins that the exercise needs (`STANDINS` of its module)."""
    student.define(source, prelude=getattr(module, "STANDINS", ""))


def run_checks(
    module: ModuleType, student: Subject, source: str, names: Mapping[str, float]
) -> list[CheckOutcome]:
    """Outcomes of an exercise's checks, one for each name of the manifest.

    Args:
        module: The check module.
        student: Where the answer runs; not yet defined.
        source: The answer.
        names: Names and points of the checks that must report.
    """
    checks = checks_of(module)
    try:
        prepare(module, student, source)
    except StudentError as error:
        return [_stopped(name, error) for name in names]
    outcomes: list[CheckOutcome] = []
    fatal: StudentError | None = None
    for name in names:
        if fatal is not None:
            outcomes.append(_stopped(name, fatal))
            continue
        outcome, fatal = run_check(checks.get(name), name, student)
        outcomes.append(outcome)
    return outcomes


def run_check(
    check: Callable[[Subject], None] | None, name: str, student: Subject
) -> tuple[CheckOutcome, StudentError | None]:
    """One check's outcome, and the error that ended the worker if one did."""
    if check is None:
        message = f"there is no check {name!r}: please tell your instructor"
        return CheckOutcome(name, False, "check-error", message), None
    try:
        check(student)
    except CheckFailureError as failure:
        return CheckOutcome(name, False, "failed", str(failure)), None
    except StudentError as error:
        return _stopped(name, error), error if error.fatal else None
    except (HostFailureError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what a check did not foresee (pytest.skip, too) is no point
        what = type(error).__name__
        if isinstance(student, LocalSubject):  # our own code: its words can be no message outwards
            what = f"{what}: {error}"
        message = f"the check {name!r} could not judge this answer ({what})"
        return CheckOutcome(name, False, "check-error", message[:500]), None
    return CheckOutcome(name, True, "passed", ""), None


def _stopped(name: str, error: StudentError) -> CheckOutcome:
    return CheckOutcome(name, False, error.kind, error.told, error.limit)
