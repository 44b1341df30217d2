"""Counts what an answer prints; nobody reads it.

The descriptors 1 and 2 lead to the null device. What is written to them past `sys.stdout` and
`sys.stderr` is lost as well, and costs nobody anything, so it is not counted.
"""

from __future__ import annotations

import io
import sys
from typing import Any

BUFFER = 8192


class OutputLimitError(Exception):
    """More was printed than this exercise may print."""


class Budget:
    """What may still be printed, by both streams together.

    Args:
        size: Number of bytes.
    """

    def __init__(self, size: int) -> None:
        self.left = size

    @property
    def exceeded(self) -> bool:
        """Whether more was printed; an answer may have swallowed the error."""
        return self.left < 0

    def take(self, size: int) -> None:
        """Counts what is printed."""
        self.left -= size
        if self.left < 0:
            raise OutputLimitError


class _Counter(io.RawIOBase):
    def __init__(self, budget: Budget, descriptor: int) -> None:
        super().__init__()
        self.budget = budget
        self.descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def write(self, data: Any) -> int:
        size = len(data)
        self.budget.take(size)
        return size


def count(size: int) -> Budget:
    """Replaces `sys.stdout` and `sys.stderr` by streams that count.

    Args:
        size: Number of bytes that may be printed.
    """
    budget = Budget(size)
    streams = (_stream(budget, descriptor) for descriptor in (1, 2))
    sys.stdout, sys.stderr = streams
    return budget


def _stream(budget: Budget, descriptor: int) -> io.TextIOWrapper:
    raw = io.BufferedWriter(_Counter(budget, descriptor), BUFFER)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=False)
