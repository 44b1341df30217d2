"""A strict reader of JSON objects: every key is asked for by type, and none may be left over."""

from __future__ import annotations

import math


class ResultError(ValueError):
    """A result that is not in the contract's form; the text says where and why."""


class Fields:
    """The keys of one JSON object, each read once.

    Args:
        data: What ``json.loads`` gave.
        where: The place in the document, for messages.

    Raises:
        ResultError: ``data`` is not an object.
    """

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise ResultError(f"{where}: expected an object, found {type(data).__name__}")
        self._data: dict[str, object] = dict(data)
        self._where = where

    def text(self, key: str) -> str:
        """Takes a string."""
        value = self._take(key)
        if not isinstance(value, str):
            raise self._wrong(key, "a string", value)
        return value

    def text_or(self, key: str, default: str) -> str:
        """Takes a string; the default where the key is absent."""
        return self.text(key) if key in self._data else default

    def optional_text(self, key: str) -> str | None:
        """Takes a string or null."""
        if key in self._data and self._data[key] is None:
            del self._data[key]
            return None
        return self.text(key)

    def text_or_none(self, key: str) -> str | None:
        """Takes a string or null; null where the key is absent."""
        return self.optional_text(key) if key in self._data else None

    def number(self, key: str) -> float:
        """Takes a finite number."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, "a number", value)
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise ResultError(f"{self._where}.{key}: expected a finite number, found {value}")
        return value

    def numbers(self, key: str) -> dict[str, float]:
        """Takes an object of finite numbers."""
        inner = Fields(self._take(key), f"{self._where}.{key}")
        return {name: inner.number(name) for name in list(inner._data)}

    def number_or(self, key: str, default: float) -> float:
        """Takes a finite number; the default where the key is absent."""
        return self.number(key) if key in self._data else default

    def items(self, key: str, *, optional: bool = False) -> list[object]:
        """Takes a list; an absent one is empty where it is optional."""
        if optional and key not in self._data:
            return []
        value = self._take(key)
        if not isinstance(value, list):
            raise self._wrong(key, "a list", value)
        return value

    def close(self) -> None:
        """Ends the reading.

        Raises:
            ResultError: A key that nobody asked for is left.
        """
        if self._data:
            names = ", ".join(sorted(map(repr, self._data)))
            raise ResultError(f"{self._where}: unknown key {names}")

    def _take(self, key: str) -> object:
        if key not in self._data:
            raise ResultError(f"{self._where}: the key {key!r} is missing")
        return self._data.pop(key)

    def _wrong(self, key: str, expected: str, value: object) -> ResultError:
        found = type(value).__name__
        return ResultError(f"{self._where}.{key}: expected {expected}, found {found}")
