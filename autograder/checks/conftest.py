"""Lets pytest run the hidden checks on the reference solutions: `pytest autograder/checks`."""

from __future__ import annotations

import pytest

from autograder.bank import solution_source
from autograder.checking import prepare
from autograder.subject import LocalSubject, Subject
from course.manifest import load_manifest


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Subject:
    """The reference solution of the exercise that the check file is named after."""
    exercise = load_manifest().exercises[request.path.stem]
    subject = LocalSubject()
    prepare(request.module, subject, solution_source(exercise))
    return subject
