"""The class that is exported."""

from __future__ import annotations

import pytest

from autograder.results import SubmissionResult
from tests.export.sample import NAMES, submission


@pytest.fixture
def results() -> list[SubmissionResult]:
    return [submission(name) for name in NAMES] + [submission("bob", "part_b")]
