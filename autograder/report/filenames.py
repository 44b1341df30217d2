"""File names for students whose names may hold anything."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"(?!.*--)[a-z0-9][a-z0-9_-]{0,63}")
# Names that Windows keeps for devices, with any ending.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def page_name(student: str) -> str:
    """Gives the file name of a student's page; see `safe_stem`."""
    return f"{safe_stem(student)}.html"


def safe_stem(student: str) -> str:
    """Gives a file name without its ending, safe on every file system.

    A plain lower-case name is kept; any other gets a digest, so that two names never share a
    file, not even where the file system ignores case.
    """
    if _PLAIN.fullmatch(student) and not _DEVICES.fullmatch(student):
        return student
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    words = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-").lower()[:40]
    # Two hyphens, which no plain name has.
    return f"{words or 'student'}--{digest}"
