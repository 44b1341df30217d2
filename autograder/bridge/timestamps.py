"""When a submission was handed in: nbgrader's ``timestamp.txt`` beside the notebook."""

from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

from ..results import SubmissionResult

_MAX_BYTES = 200


def timestamp_of(
    submitted: Path | None, result: SubmissionResult
) -> tuple[dt.datetime | None, list[str]]:
    """Reads the time, in UTC, at which a submission was handed in.

    Returns:
        The time, or None where none is given; and a line if it cannot be read.
    """
    if submitted is None:
        return None, []
    path = submitted / result.student / result.assignment / "timestamp.txt"
    text = _read(path)
    if not text:
        return None, []
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text), []
    except (ValueError, OverflowError):
        where = f"{result.student}/{result.assignment}/timestamp.txt"
        return None, [f"{where} is no time: write it as 2030-01-31 23:59:00 UTC"]


def _read(path: Path) -> str:
    """Reads a small plain file; what students' links and pipes lead to is not opened."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        return file.read(_MAX_BYTES).decode("utf-8", "replace").strip()
