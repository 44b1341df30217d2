"""A toy course for every test that asks for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.course.toy import Toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A valid course of five cells, not built yet."""
    return Toy(tmp_path / "toy")
