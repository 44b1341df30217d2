"""Submissions per minute, ours against others: `python -m benchmarks.grading`.

Every grader gets the same notebooks: one exercise, `import torch`, ten trivial checks of a point
each (`benchmarks/ten`). Runs of one size follow each other directly, ours and the others' in
turn, so that what else the machine does hits all of them. A run counts only if every submission
got its ten points. Times are of whole commands, from their start to their end.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.machine import describe, markdown_table, record
from benchmarks.ten.course import GraderError
from benchmarks.ten.graders import Bench, Run


def measure(bench: Bench, counts: Sequence[int], slow: int, rounds: int) -> Iterator[Run]:
    """Runs in turn; nbgrader and otter only for classes of at most `slow`."""
    for _ in range(rounds):
        for count in counts:
            runs: list[Callable[[int], Run]] = [bench.ours, partial(bench.ours, workers=1)]
            if count <= slow:
                runs += [bench.nbgrader, *([bench.run_otter] if bench.otter else [])]
            for run in runs:
                done = run(count)
                print(
                    f"{done.grader}: {count} in {done.seconds:.1f} s, load {done.load}",
                    flush=True,
                )
                yield done


def median(runs: Sequence[Run], grader: str, count: int) -> float:
    """Median seconds for a submission."""
    own = [run.seconds / count for run in runs if (run.grader, run.count) == (grader, count)]
    return statistics.median(own)


def report(runs: Sequence[Run], rounds: int) -> str:
    """The result in Markdown."""
    loads = [run.load for run in runs]
    level = next(run.level for run in runs if run.grader == "ours")
    head = ("grader", "submissions", "a minute", "s each", "runs")
    return (
        f"# Grading, in submissions a minute\n\n{__doc__ or ''}\n"
        f"Medians of {rounds} rounds on {describe()}; load {min(loads)} to {max(loads)}, as the "
        f"machine is shared. Ours at level `{level}`, from reading the notebooks to journal, "
        "results, grades and report, with a process per core or with one; `nbgrader autograde` "
        "writes its gradebook and grades one after the other, without a sandbox; `otter run` "
        "once for each notebook, without one as well.\n\n"
        f"{markdown_table(head, list(_rows(runs)))}\n\n{_ratios(runs)}\n"
    )


def _rows(runs: Sequence[Run]) -> Iterator[tuple[object, ...]]:
    for grader, count in dict.fromkeys((run.grader, run.count) for run in runs):
        each = median(runs, grader, count)
        number = sum((run.grader, run.count) == (grader, count) for run in runs)
        yield grader, count, f"{60 / each:.1f}", f"{each:.3f}", number


def _ratios(runs: Sequence[Run]) -> str:
    """How many times as fast ours is, by size of class."""
    graders = list(dict.fromkeys(run.grader for run in runs if not run.grader.startswith("ours")))
    head = ["ours, submissions", *(f"times {grader}" for grader in graders)]
    rows = []
    for count in sorted({run.count for run in runs}):
        cells = [str(count)]
        for grader in graders:
            theirs = max(r.count for r in runs if r.grader == grader and r.count <= count)
            ratio = median(runs, grader, theirs) / median(runs, "ours", count)
            cells.append(f"{ratio:.1f}" if theirs == count else f"{ratio:.1f} (theirs: {theirs})")
        rows.append(cells)
    return markdown_table(head, rows) + (
        "\n\nWhere others were not run on a class of that size, which would take long, "
        "their rate on the size in brackets is compared."
    )


def main(
    counts: Annotated[str, typer.Option(help="Sizes of the classes.")] = "8,64,512",
    slow: Annotated[int, typer.Option(help="Largest class for nbgrader and otter.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="Times that everything is run.")] = 3,
    otter_python: Annotated[
        Path | None,
        typer.Option(help="Python of an environment with otter-grader and torch; default: none."),
    ] = None,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/grading.md.")] = False,
) -> None:
    """Measures ours, nbgrader and otter on the same submissions and checks."""
    sizes = sorted(int(count) for count in counts.split(","))
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder), sizes, otter_python.absolute() if otter_python else None)
            runs = list(measure(bench, sizes, max(slow, sizes[0]), rounds))
    except GraderError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    text = report(runs, rounds)
    print(text)
    if keep:
        record("grading", {"rounds": rounds, "runs": [asdict(run) for run in runs]}, text)


if __name__ == "__main__":
    typer.run(main)
