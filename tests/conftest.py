"""What all tests share."""

from __future__ import annotations

import os

# Two threads on two busy cores wait for each other; our tensors are small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest

from tests.autograder.tally import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows the four-target table when its tests ran."""
    outcomes = ("passed", "failed")
    reports = [report for name in outcomes for report in terminalreporter.getreports(name)]
    lines = table(reports)
    if lines:
        terminalreporter.section("four targets: solutions, stubs, mistakes, variants")
        for line in lines:
            terminalreporter.write_line(line)
