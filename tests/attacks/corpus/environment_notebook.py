"""Notebooks whose lines are for IPython's shell, beside a right answer."""

from __future__ import annotations

from ..attack import Attack, cell

_RIGHT = """
def strided_timesteps(start=990, stride=30):
    return list(range(start, -1, -stride))
"""
_ID = "a1_4_timesteps"

ATTACKS = (
    Attack(
        "shell-lines",
        _ID,
        "Runs commands on the grader's host by ! lines and cell magics, above a right answer.",
        cells=(
            cell("%%bash\ntouch @CANARY@/bash_@MARKER@"),
            cell("!touch @CANARY@/shell_@MARKER@\n%run @CANARY@/answers.json\n" + _RIGHT, _ID),
        ),
        earns=("values", "arguments"),
    ),
    Attack(
        "pip-lines",
        _ID,
        "Installs a package by !pip and %pip lines, above a right answer.",
        cells=(
            cell("%pip install --target @CANARY@ marker_@MARKER@"),
            cell("!pip install --target @CANARY@ marker_@MARKER@\n" + _RIGHT, _ID),
        ),
        earns=("values", "arguments"),
    ),
)
