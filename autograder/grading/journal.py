"""An append-only record of finished results: what is in it is never graded twice or lost.

One line per result: a digest, the content key and the result. A line that was cut short by a
crash or a full disk has no valid digest and is ignored; the submission is graded again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from io import FileIO
from pathlib import Path

from ..results import ResultError, SubmissionResult, from_json_line, to_json_line

NAME = "journal.jsonl"


class FolderError(Exception):
    """The output folder cannot be used."""


class JournalBusyError(FolderError):
    """Another run writes to the same output folder."""


class Journal:
    """The journal of an output folder; use it as a context manager.

    Args:
        folder: The output folder; it must exist.
        fresh: Ignores what the journal holds.
    """

    def __init__(self, folder: Path, fresh: bool = False) -> None:
        self.path = folder / NAME
        self.fresh = fresh
        self.known: dict[tuple[str, str, str], SubmissionResult] = {}
        self.file: FileIO | None = None

    def __enter__(self) -> Journal:
        # Unbuffered: what could not be written now must not be written later.
        self.file = self.path.open("ab", buffering=0)
        try:
            # The kernel lets go of it when this process ends, in whatever way.
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.close()
            message = f"{self.path.parent}: another run is grading into this folder: wait for it"
            raise JournalBusyError(message) from None
        self.known = {} if self.fresh else _read(self.path)
        if self.file.tell() and not self.path.read_bytes().endswith(b"\n"):
            _write(self.file, b"\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()

    def find(self, key: str, student: str, assignment: str) -> SubmissionResult | None:
        """The result of an earlier run for this content of this student."""
        return self.known.get((key, student, assignment))

    def add(self, key: str, result: SubmissionResult) -> None:
        """Writes a result to disk before it returns.

        Raises:
            OSError: The disk is full or gone; nothing that was written before is harmed.
        """
        if self.file is None:
            raise ValueError("the journal is not open")
        body = json.dumps([key, to_json_line(result)])
        line = f"{_digest(body)} {body}\n".encode()
        size = os.fstat(self.file.fileno()).st_size
        try:
            _write(self.file, line)
            os.fsync(self.file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):  # a part of a line is ignored, but none is better
                os.ftruncate(self.file.fileno(), size)
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self.known[(key, result.student, result.assignment)] = result


def _write(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _read(path: Path) -> dict[tuple[str, str, str], SubmissionResult]:
    known: dict[tuple[str, str, str], SubmissionResult] = {}
    if not path.exists():
        return known
    for line in path.read_bytes().split(b"\n"):
        digest, _, body = line.decode("utf-8", "replace").partition(" ")
        if not body or digest != _digest(body):
            continue
        try:
            key, text = json.loads(body)
            result = from_json_line(text)
        except (ValueError, ResultError):
            continue
        known[(key, result.student, result.assignment)] = result
    return known


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:16]
