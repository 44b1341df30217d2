"""Reads limits of the manifest: of an exercise, and of a whole notebook.

An exercise's `limits` are keys of its table; those of a notebook stand in a table of their own:

    [submission]
    limits = { wall = 1800, cpu = 900 }
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from course.exercise import Limits, SubmissionLimits

# The table that is no exercise.
SUBMISSION = "submission"

# Keys of the manifest and the fields that they set; sizes are in MiB, times in seconds.
KEYS = {
    "wall": "wall",
    "cpu": "cpu",
    "memory": "memory_mib",
    "processes": "processes",
    "descriptors": "descriptors",
    "file": "file_mib",
    "reply": "reply_mib",
    "output": "output_mib",
    "vram": "vram_mib",
}
SECONDS = ("wall", "cpu")

Positive = Callable[[object, str], float]


class LimitError(ValueError):
    """A limit is unknown or not as it must be; the message says which."""


def exercise_limits(given: Mapping[str, Any], positive: Positive) -> Limits:
    """The limits of one exercise.

    Args:
        given: Its table `limits`.
        positive: Checks a number, given its value and its key.

    Raises:
        LimitError: An unknown key, or a count or a size that is not whole.
    """
    _refuse_unknown(given, tuple(KEYS))
    values: dict[str, Any] = {KEYS[k]: _value(k, v, positive) for k, v in given.items()}
    return replace(Limits(), **values)


def submission_limits(given: Mapping[str, Any], positive: Positive) -> SubmissionLimits:
    """The limits of a notebook; arguments and errors as for `exercise_limits`."""
    _refuse_unknown(given, SECONDS)
    return SubmissionLimits(**{k: positive(v, k) for k, v in given.items()})


def _value(key: str, value: object, positive: Positive) -> float:
    number = positive(value, key)
    if key in SECONDS:
        return number
    if number != int(number):
        raise LimitError(f"limits.{key} is {number}: a whole number")
    return int(number)


def _refuse_unknown(given: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in given:
        if key not in allowed:
            raise LimitError(f"unknown limit {key!r}: one of {', '.join(allowed)}")
