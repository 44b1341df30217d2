"""Checks of `ddpm_schedule(beta1, beta2, num_ts)`.

Inputs: the course's schedule at T = 300 and 400, and two others, so that no single table fits all
of them. Values are compared with their closed forms in float64: 1e-5 relative for betas and alphas,
1e-4 for the running product, which float32 gets to 2e-5 even at T = 1000. The nearest known
mistake (a beta range of T + 1 values) is off by 1 / T of a beta, 2e-3.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.subject import Subject

CASES = ((1e-4, 0.02, 300), (1e-4, 0.02, 400), (3e-4, 0.05, 120), (0.01, 0.4, 12))
KEYS = ("betas", "alphas", "alpha_bars")


def schedule(student: Subject, beta1: float, beta2: float, num_ts: int) -> dict[str, Any]:
    """The answer, a dictionary that has the three keys."""
    found = student.call("ddpm_schedule", beta1, beta2, num_ts)
    expect(isinstance(found, dict), f"ddpm_schedule must return a dictionary with {KEYS}.")
    missing = [key for key in KEYS if key not in found]
    expect(not missing, f"The dictionary of ddpm_schedule has no {', '.join(missing)}.")
    return dict(found)


def closed_form(beta1: float, beta2: float, num_ts: int) -> dict[str, Tensor]:
    """The three tables in float64, each entry on its own."""
    slope = (beta2 - beta1) / (num_ts - 1)
    betas = [beta1 + slope * i for i in range(num_ts)]
    bars = [math.prod(1 - beta for beta in betas[: i + 1]) for i in range(num_ts)]
    values = (betas, [1 - beta for beta in betas], bars)
    return {k: torch.tensor(v, dtype=torch.float64) for k, v in zip(KEYS, values, strict=True)}


def test_keys(student: Subject) -> None:
    """The answer is a dictionary of three tables of numbers."""
    for case in CASES[:2]:
        for key, table in schedule(student, *case).items():
            if key in KEYS:
                as_tensor(table, None, f"The table {key!r}", dtype=None)


def test_lengths(student: Subject) -> None:
    """Each table has one entry for each of the num_ts timesteps."""
    for case in CASES:
        found = schedule(student, *case)
        for key in KEYS:
            as_tensor(found[key], (case[2],), f"The table {key!r}", dtype=None)


def test_values(student: Subject) -> None:
    """All entries are those of the linear schedule."""
    for case in CASES:
        found, right = schedule(student, *case), closed_form(*case)
        tables = {k: as_tensor(found[k], (case[2],), f"The table {k!r}", dtype=None) for k in KEYS}
        where = f"for beta1 = {case[0]}, beta2 = {case[1]}"
        expect(
            close(tables["betas"], right["betas"], rtol=1e-5, atol=1e-8),
            f"The betas {where} are not evenly spaced from beta1 to beta2, both included.",
        )
        expect(
            close(tables["alphas"], right["alphas"], rtol=1e-5, atol=1e-8),
            f"The alphas {where} are not 1 - betas.",
        )
        expect(
            close(tables["alpha_bars"], right["alpha_bars"], rtol=1e-4, atol=1e-8),
            f"The alpha_bars {where} are not the running product of the alphas: entry i is the "
            "product of the first i + 1 of them.",
        )


def probe(student: Subject) -> Behaviour:
    """First, second, middle and last entry of each table for two schedules."""
    found: Behaviour = {}
    for case in CASES[1], CASES[3]:
        answer: dict[str, Any] = {}

        def call(case: tuple[float, float, int] = case, into: dict[str, Any] = answer) -> str:
            got = student.call("ddpm_schedule", *case)
            into.update(got if isinstance(got, dict) else {})
            return type(got).__name__

        found[f"type {case}"] = attempt(call)
        for key in KEYS:
            try:
                table = torch.as_tensor(answer.get(key)).double().flatten()
            except (TypeError, ValueError, RuntimeError):
                found[f"{key} {case}"] = "no table"
                continue
            found[f"length {key} {case}"] = float(len(table))
            picks = [i for i in (0, 1, case[2] // 2, case[2] - 1) if i < len(table)]
            # In logarithms small entries count as much as large ones.
            found[f"{key} {case}"] = table[picks].abs().clamp(min=1e-12).log()
    return found
