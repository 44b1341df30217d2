"""Counts of the four-target test, shown as a table when pytest ends."""

from __future__ import annotations

from collections import defaultdict

TARGETS = ("solutions", "stubs", "mistakes", "variants")


class Tally:
    """How many of how many, by exercise and target."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, list[int]]] = defaultdict(
            lambda: {target: [0, 0] for target in TARGETS}
        )

    def add(self, exercise: str, target: str, good: int, of: int) -> None:
        """Counts one test's result."""
        counts = self.counts[exercise][target]
        counts[0] += good
        counts[1] += of

    def lines(self) -> list[str]:
        """The table, one exercise a line, with a line of sums."""
        rows = {k: [counts[t] for t in TARGETS] for k, counts in self.counts.items()}
        sums = [[sum(c[i][k] for c in rows.values()) for k in (0, 1)] for i in range(len(TARGETS))]
        head = f"{'exercise':<18}" + "".join(f"{target:>12}" for target in TARGETS)
        return [head, *(_line(name, counts) for name, counts in rows.items()), _line("all", sums)]


def _line(name: str, counts: list[list[int]]) -> str:
    return f"{name:<18}" + "".join(f"{f'{good}/{of}':>12}" for good, of in counts)


TALLY = Tally()
