"""Memory of the grader over many submissions: `python -m benchmarks.memory`.

One process grades the same cheap exercise again and again, right and wrong answers in turn. After
each twentieth its resident memory and that of the fork server are read.
"""

from __future__ import annotations

from typing import Annotated

import psutil
import torch
import typer

from autograder.bank import answer_source, mistakes, solution_source
from autograder.grading.exercise import grade_surely
from autograder.grading.servers import Servers
from autograder.sandbox import require
from benchmarks.machine import describe, load, markdown_table, record
from benchmarks.processor import resident_mib
from course.manifest import load_manifest

EXERCISE = "a1_1_forward"
STEP = 20


def measure(level: str, count: int) -> list[tuple[int, float, float]]:
    """Submissions so far, MiB of the grading process, MiB of its fork server."""
    torch.set_num_threads(1)
    exercise = load_manifest().exercises[EXERCISE]
    known = mistakes(EXERCISE)
    found = []
    with Servers(level) as servers:
        for number in range(count + 1):
            wrong = answer_source(exercise, known[number % len(known)])
            grade_surely(servers, exercise, wrong if number % 2 else solution_source(exercise))
            if number % STEP == 0:
                own = resident_mib(psutil.Process().pid)
                found.append((number, own, _server_mib(servers.get().process.pid)))
    return found


def _server_mib(root: int) -> float:
    """The fork server is the largest process below bubblewrap, which is tiny."""
    process = psutil.Process(root)
    return max(resident_mib(p.pid) for p in [process, *process.children(recursive=True)])


def growth(found: list[tuple[int, float, float]]) -> float:
    """KiB of the grading process per submission, after the first quarter, which warms up."""
    (first, low, _), (last, high, _) = found[len(found) // 4], found[-1]
    return 1024 * (high - low) / max(1, last - first)


def report(found: list[tuple[int, float, float]], level: str) -> str:
    """The result in Markdown."""
    rows = [(number, f"{own:.1f}", f"{server:.1f}") for number, own, server in found]
    head = ("submissions", "grading process, MiB", "fork server, MiB")
    return (
        f"# Memory\n\n{__doc__ or ''}\n`{EXERCISE}`, level `{level}`: {describe()}; load {load()}. "
        f"After the first quarter the grading process grows by {growth(found):.2f} KiB a "
        f"submission.\n\n{markdown_table(head, rows)}\n"
    )


def main(
    count: Annotated[int, typer.Option(min=STEP, help="Submissions.")] = 520,
    level: Annotated[str | None, typer.Option(help="Default: the strongest of this host.")] = None,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/memory.md.")] = False,
) -> None:
    """Measures whether memory grows with the number of submissions."""
    used = require(level)
    found = measure(used, count)
    text = report(found, used)
    print(text)
    if keep:
        record("memory", {"level": used, "growth_kib": growth(found), "mib": found}, text)


if __name__ == "__main__":
    typer.run(main)
