"""Opens a file that a stranger made: plain, small and UTF-8, or one clear line of refusal."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_BYTES = 20 * 1024 * 1024


class SubmissionError(Exception):
    """A submission that cannot be graded; one line says what, where, and what to do."""


def printable(name: str) -> str:
    """Gives a file name on one line: control characters and what is not UTF-8 as escapes."""
    name = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Reads a plain UTF-8 file, following no link and waiting for no pipe.

    Args:
        path: The file.
        max_bytes: The largest size that is opened.

    Raises:
        SubmissionError: The file is missing, is not a plain file, is too large, or is not UTF-8.
    """
    name = printable(path.name)
    # O_NONBLOCK: opening a fifo for reading would wait for a writer for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise SubmissionError(f"{name} is {kind_of(path)}, not a file: hand in the file itself")
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SubmissionError(f"{name} is not a plain file: hand in the file itself")
            _check_size(name, status.st_size, max_bytes)
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{name} cannot be read ({reason}): check the file") from None
    _check_size(name, len(data), max_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"{name} is not UTF-8 text (byte {error.start}): save it from Jupyter again"
        ) from None


def kind_of(path: Path) -> str:
    """Says in words what stands at ``path``, without following it."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return "missing"
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((words for test, words in kinds if test(mode)), "a file")


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        mib = 1024 * 1024
        raise SubmissionError(
            f"{name} is {size / mib:.0f} MiB, and {limit / mib:.0f} MiB is the most: "
            "clear outputs that are not asked for and save it again"
        )
