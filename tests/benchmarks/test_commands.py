"""Each benchmark is listed, and tells how it is used."""

from __future__ import annotations

import importlib
import random

import pytest
import typer
from hypothesis import find
from typer.testing import CliRunner

from autograder.worker.wire import WireError
from benchmarks import __main__ as listing
from benchmarks import fuzz
from benchmarks.fuzz_inputs import FRAMES, good_frame
from benchmarks.ten.cases import CASES, answer
from benchmarks.ten.graders import Run

WANTED = [
    "attacks", "boundary", "fuzz", "gpu_workers", "grading", "kills", "memory", "submission",
]  # fmt: skip


def test_every_benchmark_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listing.main()
    said = capsys.readouterr().out
    assert set(WANTED) <= set(listing.names())
    assert all(f"python -m benchmarks.{name}" in said for name in listing.names())
    assert all(listing.summary(name) for name in listing.names())


@pytest.mark.parametrize("name", listing.names())
def test_each_has_help(name: str) -> None:
    app = typer.Typer()
    app.command()(importlib.import_module(f"benchmarks.{name}").main)
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_the_assertions_hold_for_the_answer_and_not_for_another() -> None:
    """The ten statements that nbgrader and otter get say what ours checks."""
    right, wrong = "import torch\n" + answer("x"), "import torch\ndef scale(x, f):\n    return x\n"
    for source in (right, wrong):
        namespace: dict[str, object] = {}
        exec(source, namespace)
        passed = []
        for case in CASES:
            try:
                exec(case.assertion, namespace)
                passed.append(case.name)
            except AssertionError:
                continue
        # The factor of one case is 1, which changes nothing.
        assert passed == ([case.name for case in CASES] if source == right else ["case_1"])


def test_a_ratio_is_of_medians() -> None:
    """Slow runs count as what they are: one of three is not the median."""
    grading = importlib.import_module("benchmarks.grading")
    seconds = {"ours": (1.0, 2.0, 9.0), "nbgrader": (40.0, 44.0, 60.0)}
    runs = [Run(name, 8, s, 1.0, "strict") for name, times in seconds.items() for s in times]
    assert "| 8 | 22.0 |" in grading.report(runs, 3)


def test_good_frames_are_read_and_spoilt_ones_refused() -> None:
    """The fuzzer's frames are real ones, and it tells a refusal from a failure."""
    draw = random.Random(0)
    assert all(fuzz.decode(good_frame(draw)) is not None for _ in range(20))
    assert find(FRAMES, lambda data: len(data) > 3)
    count = fuzz.Count("frames")
    count.run(lambda: fuzz.decode(b"\xff" * 40), WireError, b"")
    count.run(lambda: fuzz.decode(good_frame(draw)), WireError, b"")
    count.run(lambda: 1 / 0, WireError, b"")
    assert count.ended == {"refusal": 1, "value": 1, "failure": 1, "examples": 3}
