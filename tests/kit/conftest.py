"""What the kit's tests share: a tiny pipeline, made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kit import load_stage_1, make_tiny_stage_1


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a tiny pipeline in the miniature's layout; not to be written to."""
    return make_tiny_stage_1(tmp_path_factory.mktemp("tiny") / "stage_1")


@pytest.fixture(scope="session")
def deepfloyd_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a tiny pipeline in DeepFloyd's layout; not to be written to."""
    folder = tmp_path_factory.mktemp("deepfloyd") / "stage_1"
    return make_tiny_stage_1(folder, deepfloyd_layout=True)


@pytest.fixture
def tiny(tiny_directory: Path) -> Any:
    """A tiny pipeline on the CPU."""
    return load_stage_1(tiny_directory, device="cpu")


@pytest.fixture
def deepfloyd(deepfloyd_directory: Path) -> Any:
    """A tiny pipeline without a text encoder, on the CPU."""
    return load_stage_1(deepfloyd_directory, device="cpu")
