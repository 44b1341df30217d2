"""How an answer, or the machine that runs it, may fail."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from . import limits

# What a worker may say of itself; timeout, killed and protocol are for the trusted side to say.
TOLD_BY_WORKER = ("raised", "not_implemented", "syntax", "unsendable", *limits.TOLD_BY_WORKER)


class HostFailureError(Exception):
    """The machine failed, not an answer: no check may take it for a wrong answer."""


@dataclass
class StudentError(Exception):
    """The student's code did not answer.

    Attributes:
        kind: raised, not_implemented, syntax, unsendable, timeout, killed, protocol, or a limit
            that the worker noticed.
        type: Name of the exception's class.
        message: Its text, from the student's process: never to be trusted, but where `limit` is.
        line: Line of the answer's source, where one is known.
        limit: The limit that was reached, of `limits.LIMITS`; the message is then ours.
    """

    kind: str
    type: str
    message: str
    line: int | None = None
    limit: str | None = None

    def __str__(self) -> str:
        where = f" (line {self.line} of your answer)" if self.line else ""
        text = f"{self.type}: {self.message}" if self.message else self.type
        return f"{text}{where}"

    @property
    def told(self) -> str:
        """What the student is told: nothing that the student's process chose but a line number.

        An exception's text could carry the hidden inputs out, so only its kind is named.
        """
        where = f" at line {self.line} of your answer" if self.line else ""
        if self.limit:
            return f"{self.message}{where}."
        known = isinstance(getattr(builtins, self.type, None), type)
        texts = {
            "raised": f"Your code raised {self.type if known else 'an exception'}{where}.",
            "not_implemented": "This is not written yet.",
            "syntax": f"Your answer is not valid Python{where}.",
            "timeout": self.message,
            "killed": self.message,
            "unsendable": "Your function returned something that is no tensor, number or text.",
            "protocol": "Your code disturbed the connection to the grader.",
        }
        return texts.get(self.kind, "Your code did not answer.")

    @property
    def fatal(self) -> bool:
        """Whether the worker is gone."""
        return self.kind in ("timeout", "killed", "protocol")
