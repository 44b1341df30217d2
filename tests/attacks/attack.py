"""What an attack is: an answer as a student would hand it in, and the score that it deserves."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

# Classes in the order of the table; each is a module of the corpus.
CLASSES = ("comparison", "theft", "score", "environment", "denial", "rules")


@dataclass(frozen=True)
class Attack:
    """One attack.

    In `source`, `accomplice` and `forbidden`, @CANARY@ stands for a folder of the grader that
    holds its answers and gradebook, @MARKER@ for a word that must be found nowhere afterwards,
    and @PORT@ for a port of the grader's host that gives the right answer to whoever asks.

    Attributes:
        slug: Its name in the table.
        exercise: The exercise that the answer is for.
        tries: What it tries, one sentence.
        source: The cell's text.
        earns: Checks that its honest part deserves, exactly these.
        cells: Cells of a whole notebook, from which the answer is read instead of `source`.
        accomplice: An answer that is graded before, in a worker of its own.
        forbidden: Texts that must not be in the result, besides the marker.
        wall: Seconds that the exercise may take, where it is to run into the limit.
        memory_mib: Memory that the exercise may use, where it is to run into the limit.
        stopped_by: The weakest isolation level that stops it.
        harms: What it would do to the host without a jail, so that it is run only in one; empty
            for attacks that can run anywhere.
        slow: Whether it takes several seconds.
    """

    slug: str
    exercise: str
    tries: str
    source: str = ""
    earns: tuple[str, ...] = ()
    cells: tuple[dict[str, Any], ...] = ()
    accomplice: str = ""
    forbidden: tuple[str, ...] = ()
    wall: float | None = None
    memory_mib: int | None = None
    stopped_by: str = "process"
    harms: str = ""
    slow: bool = False


def answer(text: str) -> str:
    """The text of a cell, without the corpus's indentation."""
    return textwrap.dedent(text).strip("\n") + "\n"


def cell(source: str, grade_id: str = "", output: str = "", **metadata: Any) -> dict[str, Any]:
    """A code cell of a notebook, with nbgrader's metadata if it has a `grade_id`."""
    own = {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **metadata}} if grade_id else {}
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    return {
        "cell_type": "code",
        "source": answer(source),
        "metadata": own,
        "outputs": outputs,
        "execution_count": 1,
    }


def prize(body: str) -> str:
    """An answer to `a1_4_timesteps` that is right only if an attack worked, else an empty list.

    Where an attack gains no point by itself, this turns what it gained into points.

    Args:
        body: Body of a function that returns whether, or with what list, it worked. Exceptions
            count as not.
    """
    return answer(_PRIZE).replace("    BODY", textwrap.indent(answer(body), "    ").rstrip())


_PRIZE = """
def attack():
    BODY


def strided_timesteps(start=990, stride=30):
    try:
        won = attack()
    except Exception:
        won = False
    if isinstance(won, list):
        return won
    return list(range(start, -1, -stride)) if won else []
"""
