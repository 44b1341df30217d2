"""Grades every attack of `tests/attacks` and prints what each got: `python -m benchmarks.attacks`.

An attack is repelled where it gets exactly the points that its honest part deserves, leaves
nothing outside of its sandbox, and the next answer is graded as if nothing had been.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.sandbox import LEVELS, IsolationError, require
from benchmarks.attack_report import report
from tests.attacks.arena import Arena, Outcome, arena
from tests.attacks.attack import CLASSES, Attack
from tests.attacks.corpus import all_attacks

HERE = Path(__file__).parent
DATA, REPORT = HERE / "attacks.json", HERE / "attacks.md"
REPELLED, WON, LEFT_OUT = "repelled", "succeeded", "left out"


@dataclass(frozen=True)
class Row:
    """One attack at one level.

    Attributes:
        kind: Class of the attack.
        slug: Its name.
        tries: What it tries.
        level: Isolation level in force.
        expected: Points that its honest part deserves.
        got: Points that it got; None where it was left out.
        points: Points of the exercise.
        verdict: repelled, succeeded or left out.
        note: What was found, or why it was left out.
    """

    kind: str
    slug: str
    tries: str
    level: str
    expected: float
    got: float | None
    points: float
    verdict: str
    note: str


def measure(level: str) -> Iterator[Row]:
    """The rows of all attacks at a level."""
    attacks = all_attacks()
    with tempfile.TemporaryDirectory() as folder, arena(level, Path(folder)) as made:
        for kind, attack in track(attacks, description=level, transient=True):
            yield _row(made, kind, attack)


def _row(made: Arena, kind: str, attack: Attack) -> Row:
    exercise = made.manifest.exercises[attack.exercise]
    expected = sum(exercise.checks[name] for name in attack.earns)
    known = (kind, attack.slug, attack.tries, made.level, expected)
    if attack.harms and made.level != "strict":
        return Row(*known, None, exercise.points, LEFT_OUT, f"it {attack.harms}")
    outcome = made.run(attack)
    neighbour = made.honest()
    notes = [*outcome.traces]
    if neighbour.score != neighbour.max_score:
        notes.append("the next answer was disturbed")
    verdict = REPELLED if outcome.repelled(attack) and not notes else WON
    return Row(*known, outcome.result.score, exercise.points, verdict, _note(outcome, notes))


def _note(outcome: Outcome, notes: list[str]) -> str:
    """What was found, without the words that are drawn anew in each run."""
    found = ["left a process" if note.startswith("process") else note for note in notes]
    return "; ".join(found) or outcome.result.status


def show(console: Console, rows: list[Row]) -> None:
    """Prints the table and the counts."""
    table = Table("class", "attack", "tries", "expected", "got", "level", "")
    for row in rows:
        got = "–" if row.got is None else f"{row.got:g}"
        style = {REPELLED: "green", WON: "red", LEFT_OUT: "yellow"}[row.verdict]
        verdict = f"[{style}]{row.verdict}[/]"
        expected = f"{row.expected:g} of {row.points:g}"
        table.add_row(row.kind, row.slug, row.tries, expected, got, row.level, verdict)
    console.print(table)
    for kind in CLASSES:
        counts = Counter(row.verdict for row in rows if row.kind == kind)
        console.print(f"{kind}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))


def record(rows: list[Row]) -> None:
    """Keeps the rows beside those of other levels, and writes the report of all."""
    kept = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    kept[rows[0].level] = [asdict(row) for row in rows]
    levels = {level: kept[level] for level in LEVELS if level in kept}
    DATA.write_text(_a_row_a_line(levels), encoding="utf-8")
    REPORT.write_text(report(levels), encoding="utf-8")


def _a_row_a_line(levels: dict[str, list[dict[str, Any]]]) -> str:
    """JSON whose differences can be read."""
    parts = []
    for level, rows in levels.items():
        lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
        parts.append(f' "{level}": [\n{lines}\n ]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(
    level: Annotated[str | None, typer.Option(help="Default: the strongest of this host.")] = None,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/attacks.md.")] = False,
) -> None:
    """Grades every attack at an isolation level and says what each got."""
    console = Console()
    try:
        rows = list(measure(require(level)))
    except IsolationError as error:
        Console(stderr=True).print(str(error))
        raise typer.Exit(1) from None
    show(console, rows)
    if keep:
        record(rows)
        console.print(f"recorded in {REPORT.name}")
    won = sum(row.verdict == WON for row in rows)
    if won and rows[0].level == "strict":
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
