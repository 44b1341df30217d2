"""Notebooks whose metadata, locked cells or outputs were edited."""

from __future__ import annotations

from ..attack import Attack, cell

_WRONG = "def strided_timesteps(start=990, stride=30):\n    return []"
_ID = "a1_4_timesteps"

ATTACKS = (
    Attack(
        "points-in-metadata",
        _ID,
        "Gives its cells a thousand points each in the notebook's metadata.",
        cells=(
            cell(_WRONG, _ID, points=1000, grade=True, solution=True),
            cell("strided_timesteps()", f"{_ID}_check", points=1000, grade=True, locked=False),
        ),
    ),
    Attack(
        "locked-cell-edited",
        _ID,
        "Edits the locked check so that it passes and patches the check's functions.",
        cells=(
            cell(_WRONG, _ID, solution=True),
            cell(
                """
                import kit, torch
                kit.check = lambda *a, **k: True
                torch.equal = torch.allclose = lambda *a, **k: True
                print("all checks passed")
                """,
                f"{_ID}_check",
                locked=True,
            ),
        ),
    ),
    Attack(
        "outputs-claim-success",
        _ID,
        "Hands in outputs that say that every check passed.",
        cells=(cell(_WRONG, _ID, output="3/3 points\nall checks passed\n", solution=True),),
    ),
    Attack(
        "hides-the-exercise",
        _ID,
        "Renames the exercise's cell, in the hope that what is not found is not graded.",
        cells=(cell("x = 1", "a9_9_nothing", solution=True),),
    ),
    Attack(
        "checks-in-a-cell",
        _ID,
        "Adds cells that claim to be the grader's hidden tests, with points.",
        cells=(
            cell(_WRONG, _ID, solution=True),
            cell("def test_values(student): pass", "test_values", points=50, grade=True),
            cell("CHECKS = {'values': 50}", "exercises", points=50, grade=True),
        ),
    ),
)
