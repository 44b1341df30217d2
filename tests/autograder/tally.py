"""Counts of the four-target test, shown as a table when pytest ends.

They travel as properties of the tests' reports, so they arrive from parallel runs as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

import pytest

TARGETS = ("solutions", "stubs", "mistakes", "variants")
PROPERTY = "four targets"


def tally(request: pytest.FixtureRequest, exercise: str, target: str, good: int, of: int) -> None:
    """Counts one test's result."""
    request.node.user_properties.append((PROPERTY, [exercise, target, good, of]))


def table(reports: Iterable[pytest.TestReport]) -> list[str]:
    """The table, one exercise a line, with a line of sums; empty where nothing was counted."""
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: {t: [0, 0] for t in TARGETS})
    for report in reports:
        for name, value in report.user_properties:
            if name == PROPERTY:
                exercise, target, good, of = cast("tuple[str, str, int, int]", value)
                counts[exercise][target][0] += good
                counts[exercise][target][1] += of
    if not counts:
        return []
    sums = {t: [sum(c[t][k] for c in counts.values()) for k in (0, 1)] for t in TARGETS}
    head = f"{'exercise':<18}" + "".join(f"{target:>12}" for target in TARGETS)
    return [head, *(_line(name, counts[name]) for name in sorted(counts)), _line("all", sums)]


def _line(name: str, counts: dict[str, list[int]]) -> str:
    cells = (f"{good}/{of}" for good, of in (counts[target] for target in TARGETS))
    return f"{name:<18}" + "".join(f"{cell:>12}" for cell in cells)
