"""Running the visible checks of one exercise on a student's objects."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from types import CodeType, FrameType
from typing import Any

import torch

from ..errors import KitError
from ..quiet import quiet_bars
from .expect import Wrong
from .registry import OBJECTS, Check, checks_of
from .table import CheckTable, Row


def check(exercise: str, *objects: Any) -> CheckTable:
    """Run the visible checks of an exercise and show what came of them.

    The random state of the notebook is left as it was. Nothing that the student's code raises
    gets out, so a notebook runs on. Only where nbgrader runs the notebook, a check that does not
    pass raises: nbgrader takes a cell without an error for a right one.

    Args:
        exercise: Id of the exercise, such as `"a1_1_forward"`.
        objects: The functions or classes of the exercise, such as `forward`.

    Returns:
        A table, which a notebook shows when the call is the last line of a cell.

    Raises:
        KitError: If there is no such exercise; run by nbgrader, if a check does not pass.
    """
    table = _table(exercise, objects)
    if os.environ.get("NBGRADER_EXECUTION") and not table.passed:
        raise KitError(repr(table))
    return table


def _table(exercise: str, objects: Sequence[Any]) -> CheckTable:
    if exercise not in OBJECTS:
        raise KitError(f"check: no exercise {exercise!r}; there are {', '.join(OBJECTS)}")
    names = OBJECTS[exercise]
    if len(objects) != len(names):
        wanted = f'kit.check("{exercise}", {", ".join(names)})'
        return CheckTable(exercise, (Row("objects", "error", f"call it as {wanted}"),))
    rows = [_run(name, function, objects) for name, function in checks_of(exercise).items()]
    return CheckTable(exercise, tuple(rows))


def _run(name: str, function: Check, objects: Sequence[Any]) -> Row:
    """Run one check on a random state of its own, without the answer's progress bars."""
    with torch.random.fork_rng(devices=[]), quiet_bars():
        torch.manual_seed(0)
        try:
            function(*objects)
        except Wrong as wrong:
            return Row(name, "failed", str(wrong))
        except NotImplementedError as error:
            where = _where(error, objects)
            return Row(name, "not written", f"{where[0]} is not written yet" if where else "")
        except (Exception, SystemExit) as error:
            return Row(name, "error", _describe(error, objects))
    return Row(name, "passed")


def _describe(error: BaseException, objects: Sequence[Any]) -> str:
    """Say in one line what was raised, and on which line of the student's code."""
    text = " ".join(str(error).split())[:200]
    where = _where(error, objects)
    place = f" (line {where[1]} of {where[0]})" if where else ""
    return f"{type(error).__name__}: {text}{place}" if text else f"{type(error).__name__}{place}"


def _where(error: BaseException, objects: Sequence[Any]) -> tuple[str, int] | None:
    """Return the innermost function of the student's files and its line in the cell."""
    files = {code.co_filename for item in objects for code in _codes(item)}
    found: tuple[FrameType, int] | None = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in files or _is_cell(frame):
            found = (frame, line)
    return None if found is None else (found[0].f_code.co_qualname, found[1])


def _is_cell(frame: FrameType) -> bool:
    """Say whether a frame runs code of a notebook: a function of an earlier cell, say."""
    return frame.f_globals.get("__name__") == "__main__"


def _codes(item: Any) -> list[CodeType]:
    """Return the code of a function, or of a class's own methods."""
    members = vars(item).values() if isinstance(item, type) else [item]
    return [member.__code__ for member in members if hasattr(member, "__code__")]
