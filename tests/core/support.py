"""Answers in this process, for tests of what surrounds them."""

from __future__ import annotations

import textwrap

import pytest

from autograder.subject import LocalSubject, StudentError


def answer(source: str, prelude: str = "") -> LocalSubject:
    """An answer that is defined already."""
    student = LocalSubject()
    student.define(textwrap.dedent(source), prelude=prelude)
    return student


def failure(source: str, *args: object, name: str = "f", seed: int | None = None) -> StudentError:
    """The error that comes of calling `f`."""
    student = answer(source)
    with pytest.raises(StudentError) as caught:
        student.call(name, *args, seed=seed)
    return caught.value
