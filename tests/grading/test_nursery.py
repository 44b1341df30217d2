"""A process that grading processes are forked from, and that hangs or is gone."""

from __future__ import annotations

import os
import signal

import pytest

from autograder.grading import nursery
from autograder.grading.nursery import Nursery
from tests.sandbox.processes import eventually, parents


def test_one_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """And ended, with all that it started."""
    monkeypatch.setattr(nursery, "START_SECONDS", 1.0)
    monkeypatch.setattr(nursery, "END_SECONDS", 1.0)
    with Nursery("process") as made:
        made.start()
        assert made.trusted is not None
        pid = made.trusted.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(OSError, match="does not answer"):
            made.process()
    assert eventually(lambda: pid not in parents())


def test_one_that_is_gone_is_replaced() -> None:
    with Nursery("process") as made:
        made.start()
        assert made.trusted is not None
        first = made.trusted
        first.kill()
        first.wait()
        made.process().end(at_once=True)
        assert made.trusted.pid != first.pid
