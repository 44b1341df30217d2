"""Random input for the wire's decoder and the notebook reader: `python -m benchmarks.fuzz`.

The strategies are those of the tests (`tests/core/test_wire_fuzz.py`, `tests/submission/
test_fuzz.py`), run for a time instead of a number of examples, each time from another seed; and
mutated copies of the course's real notebooks besides. All must end in a value or in the reader's
own error, whatever comes; anything else is counted as a failure and its input is printed.
"""

from __future__ import annotations

import random
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from autograder.bank import ROOT
from autograder.submission import SubmissionError, read_answers
from autograder.worker.wire import PREFIX, Decoder, WireError, unpack_prefix
from benchmarks.machine import describe, load, markdown_table, record
from course.manifest import load_manifest

BATCH = 200
# Slower than any real notebook or frame of this size by far.
HANG = 20.0


@dataclass
class Count:
    """What came of one kind of input.

    Attributes:
        name: The kind.
        ended: How many examples ended in a value, in a refusal, or otherwise.
        slowest: Seconds of the slowest example.
    """

    name: str
    ended: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def run(self, read: Callable[[], object], refusal: type[Exception], shown: object) -> None:
        """Reads one example and counts how it ended."""
        start = time.perf_counter()
        try:
            read()
            how = "value"
        except refusal:
            how = "refusal"
        except Exception:
            how = "failure"
            print(f"{self.name}: {shown!r}\n{traceback.format_exc()}")
        seconds = time.perf_counter() - start
        self.slowest = max(self.slowest, seconds)
        self.ended["failure" if seconds > HANG else how] += 1
        self.ended["examples"] += 1


def decode(data: bytes) -> object:
    """What the trusted side does with the bytes of a frame."""
    header, payload = unpack_prefix(data[: PREFIX.size])
    rest = data[PREFIX.size :]
    if len(rest) < header + payload:
        raise WireError("the connection ended within a frame")
    return Decoder().loads(rest[:header], rest[header : header + payload])


def mutate(data: bytes, draw: random.Random) -> bytes:
    """A copy with one to eight bytes or pieces changed, cut, doubled, moved or dropped."""
    made = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        a, b = sorted(draw.randrange(len(made) + 1) for _ in range(2))
        b = min(b, a + draw.choice([1, 4, 64, 4096]))
        piece = made[a:b]
        how = draw.randrange(5)
        if how == 0:
            made[a:b] = draw.randbytes(len(piece))
        elif how == 1:
            made[a:b] = b""
        elif how == 2:
            made[a:a] = piece * draw.choice([1, 3, 50])
        elif how == 3:
            where = draw.randrange(len(made) + 1)
            made[where:where] = piece
        else:
            made[a:b] = draw.choice([b"null", b"[]", b"{}", b"1e999", b'"', b"\\ud800", b"\xff"])
    return bytes(made)


class Notebooks:
    """Reads what is written into one file, as a part of the course."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "part_a.ipynb"
        self.manifest = load_manifest()
        names = ("part_a", "part_b")
        self.real = [(ROOT / "release" / n / f"{n}.ipynb").read_bytes() for n in names]

    def read(self, data: bytes) -> object:
        """The answers that a file with these bytes gives."""
        self.path.write_bytes(data)
        return read_answers(self.path, self.manifest, "part_a")


def batch(strategy: SearchStrategy[bytes], test: Callable[[bytes], None], number: int) -> None:
    """Draws examples of a strategy and hands each to `test`."""
    run = settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(run(given(strategy)(lambda data: test(data))))()


def measure(seconds: float, number: int) -> list[Count]:
    """All four kinds in turn, until the time is over."""
    from benchmarks.fuzz_inputs import FRAMES, NOTEBOOKS

    frames, mutated = Count("frames, by structure"), Count("frames, mutated")
    made, real = Count("notebooks, by structure"), Count("real notebooks, mutated")
    until, draw = time.monotonic() + seconds, random.Random(number)
    with tempfile.TemporaryDirectory() as name:
        reader = Notebooks(Path(name))
        while time.monotonic() < until:
            number += 1
            batch(FRAMES, lambda d: frames.run(lambda: decode(d), WireError, d), number)
            batch(NOTEBOOKS, lambda d: made.run(lambda: reader.read(d), SubmissionError, d), number)
            _mutations(reader, mutated, real, draw)
    return [frames, mutated, made, real]


def _mutations(reader: Notebooks, mutated: Count, real: Count, draw: random.Random) -> None:
    """Mutated copies of good frames and of the real notebooks."""
    from benchmarks.fuzz_inputs import good_frame

    for _ in range(10 * BATCH):
        frame = mutate(good_frame(draw), draw)
        mutated.run(lambda frame=frame: decode(frame), WireError, frame)  # type: ignore[misc]
    for _ in range(BATCH // 10):
        book = mutate(draw.choice(reader.real), draw)
        real.run(lambda book=book: reader.read(book), SubmissionError, book[:200])  # type: ignore[misc]


def report(counts: list[Count], seconds: float, number: int) -> str:
    """The result in Markdown."""
    kinds = ("examples", "value", "refusal", "failure")
    rows = [(c.name, *(c.ended[k] for k in kinds), f"{c.slowest:.2f}") for c in counts]
    return (
        f"# Fuzzing\n\n{__doc__ or ''}\n{seconds:.0f} s from seed {number}: {describe()}; load "
        f"{load()}. A failure is another error than the reader's own, or more than {HANG:g} s.\n\n"
        f"{markdown_table(('input', *kinds, 'slowest, s'), rows)}\n"
    )


def main(
    seconds: Annotated[float, typer.Option(min=1, help="How long to go on.")] = 120.0,
    number: Annotated[int, typer.Option("--seed", help="Of the first batch.")] = 0,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/fuzz.md.")] = False,
) -> None:
    """Feeds random frames and notebooks to the readers, and counts how each ends."""
    counts = measure(seconds, number)
    text = report(counts, seconds, number)
    print(text)
    if keep:
        data = {count.name: {**count.ended, "slowest": count.slowest} for count in counts}
        record("fuzz", {"seconds": seconds, "seed": number, "inputs": data}, text)
    if any(count.ended["failure"] for count in counts):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
