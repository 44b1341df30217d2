"""`kit.check`, the line in each graded cell, fits the manifest and nbgrader."""

from __future__ import annotations

import kit
import pytest
from kit.checks.registry import OBJECTS
from kit.errors import KitError
from torch import Tensor

from course.manifest import load_manifest


def unsolved(im: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
    raise NotImplementedError("a1_1_forward")


def test_kit_knows_the_exercises() -> None:
    """The kit's list of exercises and objects is the manifest's."""
    coding = {e.id: e.objects for e in load_manifest().exercises.values() if not e.manual}
    assert coding == OBJECTS


def test_runs_on_for_a_student(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a student's notebook an unsolved exercise gives a table, no error."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert not kit.check("a1_1_forward", unsolved).passed


def test_raises_for_nbgrader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run by nbgrader, an unsolved exercise is an error, or it would get full marks."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(KitError, match="a1_1_forward: 0 of"):
        kit.check("a1_1_forward", unsolved)
