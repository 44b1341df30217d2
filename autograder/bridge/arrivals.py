"""Brings results into a gradebook while more of them arrive, as `autograder watch` does.

A gradebook may be locked or gone for hours of a watch. Until it is back its results wait here, and
grading goes on; nothing is written twice that has not changed.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from pathlib import Path

from ..results import SubmissionResult
from .errors import GradebookError
from .timestamps import timestamp_of
from .writer import GradebookWriter

# Seconds between two tries to reach a gradebook that could not be used.
RETRY = 30.0

State = tuple[SubmissionResult, dt.datetime | None]


class Arrivals:
    """Results on their way into a gradebook.

    Args:
        writer: Writes them.
        submitted: The folder that is watched.
        retry: Seconds after a failure in which no new try is made.
    """

    def __init__(self, writer: GradebookWriter, submitted: Path, retry: float = RETRY) -> None:
        self.writer = writer
        self.submitted = submitted
        self.retry = retry
        self._waiting: dict[tuple[str, str], State] = {}
        self._written: dict[tuple[str, str], State] = {}
        self._next = 0.0

    def __len__(self) -> int:
        """Gives the number of results that are not in the gradebook yet."""
        return len(self._waiting)

    def take(self, results: Iterable[SubmissionResult]) -> None:
        """Adds the results that the gradebook does not have as they are; the next try is now."""
        for result in results:
            key = (result.student, result.assignment)
            state = (result, timestamp_of(self.submitted, result)[0])
            if self._written.get(key) != state:
                self._waiting[key] = state
                self._next = 0.0

    def write(self) -> list[str]:
        """Writes what waits, if it is time to try.

        Returns:
            Lines for the instructor: what was written, or why nothing could be.
        """
        if not self._waiting or time.monotonic() < self._next:
            return []
        todo = list(self._waiting.items())

        def progress(done: int, _total: int) -> None:
            key, state = todo[done - 1]
            self._written[key] = state
            del self._waiting[key]

        try:
            notes = self.writer.write((state[0] for _, state in todo), self.submitted, progress)
        except GradebookError as error:
            self._next = time.monotonic() + self.retry
            return [f"{error}; results that wait for it: {len(self._waiting)}"]
        return [*(f"note: {note}" for note in notes), f"gradebook: results written: {len(todo)}"]
