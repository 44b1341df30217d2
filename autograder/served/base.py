"""Objects that the trusted side serves to a student's code.

What they answer never depends on the student's process, and they log every call, so a check that
reads the log knows what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..worker.wire import Spec


class CallRefusedError(Exception):
    """A student's code called a served object in a way that the real one would refuse."""


class Served:
    """An object of the trusted side that may be an argument of a student's function."""

    kind = ""

    def spec_data(self) -> dict[str, Any]:
        """What the worker's proxy shows."""
        return {}

    def answer(self, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Answers one call; `CallRefusedError` for a call that makes no sense."""
        raise NotImplementedError

    def spec(self, number: int) -> Spec:
        """What is sent in place of this object."""
        return Spec(self.kind, number, self.spec_data())


class ServedFunction(Served):
    """A plain function, called with plain values."""

    kind = "function"

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def answer(self, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The function's result."""
        del method  # a function has only one
        try:
            return self.function(*args, **kwargs)
        except (TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
            raise CallRefusedError(str(error)) from None


def shape_of(value: Any) -> str:
    """A value's shape, or its type, for messages."""
    return str(tuple(value.shape)) if hasattr(value, "shape") else type(value).__name__
