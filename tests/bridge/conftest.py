"""A gradebook that has both assignments, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.bridge.writer import GradebookWriter
from tests.bridge.support import MANIFEST, graded


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with one submission of each part, by someone else."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    GradebookWriter(str(path), MANIFEST).write([graded("earlier"), graded("earlier", "b")])
    return path


@pytest.fixture
def book(template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(template, tmp_path / "gradebook.db"))
