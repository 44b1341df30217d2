"""The result of the visible checks, as text or as a small table in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

_COLOURS = {"passed": "#1a7f37", "failed": "#b42318", "error": "#b42318", "not written": "#6b7280"}


@dataclass(frozen=True)
class Row:
    """What came of one check.

    Attributes:
        name: The check's name.
        status: "passed", "failed", "error" or "not written".
        message: One plain line, empty when passed.
    """

    name: str
    status: str
    message: str = ""


@dataclass(frozen=True, repr=False)
class CheckTable:
    """What came of an exercise's visible checks.

    Attributes:
        exercise: Id of the exercise.
        rows: One row a check.
    """

    exercise: str
    rows: tuple[Row, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(row.status == "passed" for row in self.rows)

    @property
    def headline(self) -> str:
        """One line: how many of the checks pass."""
        count = sum(row.status == "passed" for row in self.rows)
        return f"{self.exercise}: {count} of {len(self.rows)} visible checks passed"

    def __repr__(self) -> str:
        status = max(len(row.status) for row in self.rows)
        name = max(len(row.name) for row in self.rows)
        lines = [
            f"  {row.status:<{status}}  {row.name:<{name}}  {row.message}".rstrip()
            for row in self.rows
        ]
        return "\n".join([self.headline, *lines])

    def _ipython_display_(self) -> None:
        # Shown, not returned: nbgrader would look for points in a cell's result.
        from IPython.display import display

        show: Any = display  # it has no annotations
        show({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><td style="color:{_COLOURS[row.status]};font-weight:600;text-align:left">'
            f"{escape(row.status)}</td>"
            f'<td style="text-align:left">{escape(row.name)}</td>'
            f'<td style="text-align:left">{escape(row.message)}</td></tr>'
            for row in self.rows
        )
        return f"<div><b>{escape(self.headline)}</b><table>{cells}</table></div>"
