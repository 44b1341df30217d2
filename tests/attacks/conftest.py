"""One arena for all attacks, at the strongest level that there is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from autograder.sandbox import detect
from tests.attacks.arena import Arena, arena


@pytest.fixture(scope="session")
def strict_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An arena at level strict; without it tests are skipped, or fail if it was asked for."""
    level = detect()["strict"]
    if not level.available:
        if os.environ.get("REQUIRE_ISOLATION") == "strict":
            pytest.fail(f"REQUIRE_ISOLATION=strict, but {level.reason}")
        pytest.skip(f"level strict is not available: {level.reason}")
    with arena("strict", tmp_path_factory.mktemp("attacks")) as made:
        yield made


@pytest.fixture(scope="session")
def process_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An arena at level process, which every host has."""
    with arena("process", tmp_path_factory.mktemp("attacks")) as made:
        yield made
