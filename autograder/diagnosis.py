"""Names the misconception behind a wrong answer.

An exercise's `probe(student)` boils an answer's behaviour on hidden inputs down to a few values.
An answer whose values are those of a known mistake is told so; the values are never shown.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from course.manifest import Exercise, load_manifest

from .bank import Mistake, answer_source, mistakes, solution_source
from .behaviours import Behaviour, saved
from .checking import check_module, prepare
from .subject import HostFailureError, LocalSubject, StudentError, Subject

__all__ = ["Behaviour", "Known", "attempt", "behaviour", "diagnose", "known_mistakes", "same"]

RTOL, ATOL = 1e-3, 1e-3
# Of larger tensors so many values stand for all: behaviours are saved.
MOST, PICKED = 80, 64


@dataclass(frozen=True)
class Known:
    """A mistake and how it behaves."""

    mistake: Mistake
    behaviour: Behaviour


def behaviour(exercise_id: str, student: Subject) -> Behaviour:
    """What an answer, already defined, does on the hidden inputs of its exercise's probe.

    A step that raises becomes the text of its error, so crashes are told apart as well. Without
    a probe nothing is known of an answer but what its checks say.
    """
    probe: Callable[[Subject], Behaviour] | None = getattr(check_module(exercise_id), "probe", None)
    if probe is None:
        return {"error": "no probe"}
    try:
        return {name: _condensed(value) for name, value in probe(student).items()}
    except StudentError as error:
        return {"error": f"{error.kind}:{error.type}"}
    except HostFailureError:
        raise
    except Exception as error:  # an answer of an unforeseen form
        return {"error": f"unjudged:{type(error).__name__}"}


def attempt(step: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor | float | str:
    """One value of a probe: a tensor or number, or the kind of error that came instead."""
    try:
        value = step(*args, **kwargs)
    except StudentError as error:
        if error.fatal:
            raise
        return f"{error.kind}:{error.type}"
    if isinstance(value, Tensor | float | str):
        return value
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        return f"a {type(value).__name__}"


def same(a: Behaviour, b: Behaviour) -> bool:
    """Whether two behaviours agree in every value."""
    return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)


def diagnose(exercise_id: str, found: Behaviour) -> Mistake | None:
    """The known mistake that behaves as an answer did, or None."""
    if set(found) == {"error"}:
        return None
    return next((k.mistake for k in known_mistakes(exercise_id) if same(k.behaviour, found)), None)


@cache
def known_mistakes(exercise_id: str) -> tuple[Known, ...]:
    """The mistakes of an exercise with their behaviours: saved ones, or run once in this process.

    None where the exercise is not of the course's manifest.
    """
    exercise = load_manifest().exercises.get(exercise_id)
    if exercise is None:
        return ()
    found = saved(exercise)
    if found is None:
        return run_mistakes(exercise)
    by_slug = {mistake.slug: mistake for mistake in mistakes(exercise_id)}
    return tuple(Known(by_slug[slug], values) for slug, values in found.items())


def run_mistakes(exercise: Exercise) -> tuple[Known, ...]:
    """Runs each mistake; those that behave as the solution does are no diagnosis."""
    with contextlib.redirect_stderr(io.StringIO()):  # some of them show progress bars
        right = local_behaviour(exercise, solution_source(exercise))
        found = [
            Known(mistake, local_behaviour(exercise, answer_source(exercise, mistake)))
            for mistake in mistakes(exercise.id)
        ]
    return tuple(known for known in found if not same(known.behaviour, right))


def local_behaviour(exercise: Exercise, source: str) -> Behaviour:
    """The behaviour of one of our own answers."""
    student = LocalSubject()
    try:
        prepare(check_module(exercise.id), student, source)
    except StudentError as error:
        return {"error": f"{error.kind}:{error.type}"}
    return behaviour(exercise.id, student)


def _condensed(value: Tensor | float | str) -> Tensor | float | str:
    """A large tensor's shape, moments and evenly spread values; anything else as it is."""
    if not isinstance(value, Tensor) or value.numel() <= MOST:
        return value
    flat = value.detach().double().reshape(-1)
    shape = torch.tensor(value.shape, dtype=torch.float64)
    picked = flat[torch.linspace(0, len(flat) - 1, PICKED).round().long()]
    return torch.cat([shape, flat.mean()[None], flat.std()[None], picked])


def _same(a: Tensor | float | str, b: Tensor | float | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    x, y = torch.as_tensor(a).double(), torch.as_tensor(b).double()
    return x.shape == y.shape and torch.allclose(x, y, rtol=RTOL, atol=ATOL, equal_nan=True)
