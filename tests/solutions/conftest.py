"""Fixtures of the solutions' tests."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Start every test from the same random state, so that it has one outcome."""
    torch.manual_seed(0)
