"""Seconds for a full submission, Part A and Part B: `python -m benchmarks.submission`.

One process grades both notebooks of a student again and again, on one core: first the solutions,
then one known mistake in every exercise, so that each is diagnosed. The first student with
mistakes also pays for reading how the known mistakes behave, once per grading process.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
import typer

from autograder.bank import answer_source, mistakes, solution_source
from autograder.grading.exercise import grade_surely
from autograder.grading.servers import Servers
from autograder.sandbox import require
from benchmarks.machine import describe, load, markdown_table, record
from benchmarks.processor import processor_seconds
from course.manifest import Exercise, load_manifest

GOAL = 4.0


@dataclass(frozen=True)
class Cost:
    """What one exercise of one submission took.

    Attributes:
        exercise: Its id.
        clock: Wall-clock seconds.
        processor: Seconds of processor time, of grader and worker.
        share: Points that it got, of those that there are.
    """

    exercise: str
    clock: float
    processor: float
    share: float


def grade(servers: Servers, answer: Callable[[Exercise], str]) -> list[Cost]:
    """Grades the coding exercises of both parts; the others cost nothing but reading."""
    costs = []
    for exercise in load_manifest().exercises.values():
        if exercise.manual:
            continue
        source, root = answer(exercise), servers.get().process.pid
        before, start = processor_seconds(root), time.perf_counter()
        result = grade_surely(servers, exercise, source)
        clock, processor = time.perf_counter() - start, processor_seconds(root) - before
        costs.append(Cost(exercise.id, clock, processor, result.score / result.max_score))
    return costs


def total(costs: list[Cost]) -> tuple[float, float]:
    """Clock and processor seconds of one submission."""
    return sum(cost.clock for cost in costs), sum(cost.processor for cost in costs)


def _mistake(exercise: Exercise) -> str:
    return answer_source(exercise, mistakes(exercise.id)[0])


def measure(level: str, times: int) -> dict[str, list[list[Cost]]]:
    """Submissions by kind, one after the other in one process on one core."""
    os.environ["TQDM_DISABLE"] = "1"
    torch.set_num_threads(1)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    with Servers(level) as servers:
        grade(servers, solution_source)  # a grading process has imported everything by then
        found = {"solutions": [grade(servers, solution_source) for _ in range(times)]}
        found["mistakes, the first"] = [grade(servers, _mistake)]
        found["mistakes"] = [grade(servers, _mistake) for _ in range(times)]
    os.sched_setaffinity(0, cores)
    return found


def report(found: dict[str, list[list[Cost]]], level: str) -> str:
    """The result in Markdown."""
    rows = []
    for kind, submissions in found.items():
        clock, processor = zip(*(total(costs) for costs in submissions), strict=True)
        share = statistics.mean(cost.share for cost in submissions[0])
        median = f"{statistics.median(clock):.2f}", f"{statistics.median(processor):.2f}"
        rows.append((kind, len(submissions), *median, f"{share:.0%}"))
    head = ("submissions", "number", "s by the clock", "s of processor time", "checks' points")
    by_exercise: dict[str, list[float]] = defaultdict(list)
    for costs in found["solutions"]:
        for cost in costs:
            by_exercise[cost.exercise].append(cost.clock)
    medians = sorted(((statistics.median(v), k) for k, v in by_exercise.items()), reverse=True)
    table = markdown_table(("exercise", "s"), [(name, f"{s:.2f}") for s, name in medians])
    return (
        f"# A full submission, Part A and Part B\n\n{__doc__ or ''}\nMedians, at level `{level}`: "
        f"{describe()}, of which one core is used; load {load()}. The goal is {GOAL:g} s for the "
        f"solutions.\n\n{markdown_table(head, rows)}\n\nThe solutions by exercise:\n\n{table}\n"
    )


def main(
    times: Annotated[int, typer.Option(min=1, help="Submissions of each kind.")] = 5,
    level: Annotated[str | None, typer.Option(help="Default: the strongest of this host.")] = None,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/submission.md.")] = False,
) -> None:
    """Measures full submissions: solutions, and a known mistake in every exercise."""
    machine_level = require(level)
    found = measure(machine_level, times)
    text = report(found, machine_level)
    print(text)
    if keep:
        data = {k: [total(costs) for costs in v] for k, v in found.items()}
        record("submission", {"level": machine_level, "load": load(), "seconds": data}, text)


if __name__ == "__main__":
    typer.run(main)
