"""Finds the line of a table or key in a TOML file, which `tomllib` does not report."""

from __future__ import annotations

import re


class TomlLines:
    """The lines of one TOML file of simple tables: one level, keys at the start of a line.

    Attributes:
        name: File name for messages.
        headers: Name and line (from 1) of each table header, in order, duplicates included.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines = text.splitlines()
        self.headers = [
            (match[1].strip().strip("\"'"), number)
            for number, line in enumerate(self._lines, 1)
            if (match := re.match(r"\s*\[([^\[\],]+)\]\s*(?:#.*)?$", line))
        ]

    def of(self, table: str, key: str = "") -> int:
        """Line of a key of a table; of the table's header if the key is empty or not found."""
        start = next((n for name, n in self.headers if name == table), 1)
        if not key:
            return start
        end = next((n for _, n in self.headers if n > start), len(self._lines) + 1)
        return self._of_key(key, start, end) or start

    def of_top(self, key: str) -> int:
        """Line of a key anywhere; 1 if it is not found."""
        return self._of_key(key, 1, len(self._lines) + 1) or 1

    def _of_key(self, key: str, start: int, end: int) -> int | None:
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        return next((n for n in range(start, end) if pattern.match(self._lines[n - 1])), None)
