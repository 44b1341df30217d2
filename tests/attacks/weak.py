"""A grader as many courses have it: answer, reference and checks share one process.

It is weak on purpose. The attacks have to beat it, or the suite would prove nothing. It runs in a
forked child, so that what an answer breaks is not ours; its verdict is read as such graders' are:
from the results file where there is one, else from the exit status.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import unittest
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.served import cosine_tables
from autograder.worker.prelude import PRELUDE
from solutions import ddpm, sampling, training

SECONDS = 120
TOLERANCE = 1e-2


class CheckOutcome:
    """What a check said."""

    def __init__(self, passed: bool) -> None:
        self.passed = passed


def weak_verdict(exercise: str, source: str, folder: Path) -> bool:
    """Whether the weak grader gives an answer its points.

    Args:
        exercise: One of `REFERENCES`.
        source: The answer.
        folder: The grader's working folder, with its gradebook and its answers.
    """
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = _grade(exercise, source, folder)
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    results = folder / "results.json"
    if results.exists():
        return bool(json.loads(results.read_text()).get("passed"))
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def _grade(exercise: str, source: str, folder: Path) -> int:
    """The child: exit status 0 for full marks."""
    signal.alarm(SECONDS)
    os.chdir(folder)
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silence, standard)
    os.closerange(3, 1024)
    atexit._clear()
    os.environ["COURSE_SECRET"] = "as in CI"
    space: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(PRELUDE, "prelude", "exec"), space)
        exec(compile(source, "<answer>", "exec"), space)
        outcome = check(exercise, space)
    except SystemExit as error:
        return int(error.code or 0)
    except (pytest.skip.Exception, unittest.SkipTest):
        return 0  # a skipped test is not a failed one
    if not outcome.passed:
        atexit._run_exitfuncs()
    return 0 if outcome.passed else 1


def check(exercise: str, space: dict[str, Any]) -> CheckOutcome:
    """Compares the answer with the reference on each case."""
    name, reference, cases = REFERENCES[exercise]
    function = space[name]
    if cases[0] and torch.is_tensor(cases[0][0]):
        return CheckOutcome(all(check_pictures(function, reference, case) for case in cases))
    return CheckOutcome(all(check_values(function, reference, case) for case in cases))


def check_values(function: Any, reference: Any, case: tuple[Any, ...]) -> bool:
    """Lists by ==, tables by their largest difference."""
    expected = reference(*case)
    got = function(*case)
    if isinstance(expected, list):
        return bool(got == expected)
    return not any(
        (abs(torch.as_tensor(got[key]) - value) > TOLERANCE).any()
        for key, value in expected.items()
    )


def check_pictures(function: Any, reference: Any, case: tuple[Any, ...]) -> bool:
    """Pictures by torch.allclose, with one seed for both."""
    torch.manual_seed(0)
    got = function(*case)
    torch.manual_seed(0)
    expected = reference(*case)
    if not isinstance(got, Tensor):
        return bool(got == expected)
    return torch.allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


_PICTURE = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64).sin()
REFERENCES: dict[str, tuple[str, Any, list[tuple[Any, ...]]]] = {
    "a1_1_forward": ("forward", sampling.forward, [(_PICTURE, 500, cosine_tables()[2])]),
    "a1_2_classical": ("classical_denoise", sampling.classical_denoise, [(_PICTURE,)]),
    "a1_4_timesteps": ("strided_timesteps", sampling.strided_timesteps, [(), (960, 60)]),
    "b1_2_noise": ("add_noise", training.add_noise, [(_PICTURE, 0.5)]),
    "b2_2_schedule": ("ddpm_schedule", ddpm.ddpm_schedule, [(1e-4, 0.02, 300)]),
}
