"""Kills the grader at random moments and grades on: `python -m benchmarks.kills --count 200`.

Each round grades a class of six into a new folder. The whole process group gets SIGKILL at a
random moment, and the same command starts again, until one run comes to its end. After each kill
the folder is read as a stranger would read it; at the end every submission must have one result,
graded once. Moments are drawn by progress (a number of results, then some time), so that
start, grading, journal and the writing of results are all hit on a machine of any speed.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from autograder.grading.run import Options, grade_class
from benchmarks.machine import describe, load, markdown_table, record
from benchmarks.ten import MANIFEST
from benchmarks.ten.cases import POINTS
from benchmarks.ten.course import write_class, write_nbgrader

CLASS = 6
# Longer than a loaded machine needs to end processes whose parent is gone.
PATIENCE = 30.0


@dataclass
class Tally:
    """What was counted.

    Attributes:
        kills: Kills that hit a running grader.
        rounds: Classes graded to the end.
        empty: Kills before the first result, in the round, was in the journal.
        cut: Kills that left a journal whose last line is cut short.
        lost: Submissions without a result at the end, or results that a later run dropped.
        double: Submissions that were graded again though the journal had their result.
        wrong: Results that are not what an undisturbed run gives.
        half: Result files that could be read only in part.
        left: Processes that outlived their grader.
    """

    kills: int = 0
    rounds: int = 0
    empty: int = 0
    cut: int = 0
    lost: int = 0
    double: int = 0
    wrong: int = 0
    half: int = 0
    left: int = 0

    def add(self, other: Tally) -> None:
        """Adds another's counts."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass
class Round:
    """One class on its way to its end, through any number of kills."""

    submitted: Path
    out: Path
    draw: random.Random
    tally: Tally = field(default_factory=Tally)
    seen: list[str] = field(default_factory=list)

    def run(self, kills: int) -> Tally:
        """Kills at most `kills` times, then lets the grader end."""
        while self.tally.kills < kills and not self._killed_run():
            self._look()
        if not (self.out / "results.jsonl").exists():
            grader = _start(self.submitted, self.out)
            grader.join()
        self._finish()
        return self.tally

    def _killed_run(self) -> bool:
        """Starts a grader and kills it; true where it had come to its end before."""
        grader = _start(self.submitted, self.out)
        more = self.draw.randrange(CLASS - len(self.seen) + 1)
        wanted = len(self.seen) + more
        while grader.is_alive() and len(_lines(self.out)[0]) < wanted:
            time.sleep(0.002)
        grader.join(self.draw.uniform(0.0, 0.3 if more else 6.0))
        if not grader.is_alive():
            return True
        family = psutil.Process(grader.pid).children(recursive=True)
        os.killpg(grader.pid or 0, signal.SIGKILL)
        grader.join()
        self.tally.kills += 1
        self.tally.left += len(psutil.wait_procs(family, timeout=PATIENCE)[1])
        return False

    def _look(self) -> None:
        """Reads the folder after a kill."""
        lines, cut = _lines(self.out)
        self.tally.cut += cut
        self.tally.empty += not lines
        self.tally.lost += len(set(self.seen) - set(lines))
        self.seen = lines
        self.tally.half += _half_written(self.out)

    def _finish(self) -> None:
        lines, _ = _lines(self.out)
        self.tally.rounds += 1
        self.tally.lost += len(set(self.seen) - set(lines))
        # By content: with another grader, as when its sources change meanwhile, all is graded anew.
        graded = [(_key(line), _result(line)["student"]) for line in lines]
        self.tally.double += len(graded) - len(set(graded))
        path = self.out / "results.jsonl"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        results = [json.loads(line) for line in text.splitlines()]
        self.tally.lost += CLASS - len({result["student"] for result in results})
        self.tally.double += len(results) - len({result["student"] for result in results})
        self.tally.wrong += sum(result["score"] != POINTS for result in results)
        self.tally.half += _half_written(self.out)


def _start(submitted: Path, out: Path) -> multiprocessing.process.BaseProcess:
    """A grader in a process group of its own; forked, as importing torch would take longest."""
    grader = multiprocessing.get_context("fork").Process(target=_grade, args=(submitted, out))
    grader.start()
    while grader.is_alive() and os.getpgid(grader.pid or 0) != grader.pid:
        time.sleep(0.001)  # until it has its group, there is nothing to kill
    return grader


def _grade(submitted: Path, out: Path) -> None:
    os.setsid()
    with contextlib.suppress(KeyboardInterrupt):
        grade_class(Options(submitted, out, 1, assignment="part_a", manifest=MANIFEST))


def _lines(out: Path) -> tuple[list[str], bool]:
    """The journal's whole lines, read by its documentation, and whether the last is cut short."""
    path = out / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else [""]
    return [line for line in lines if _whole(line)], bool(lines[-1])


def _whole(line: str) -> bool:
    digest, _, body = line.partition(" ")
    return bool(body) and hashlib.sha256(body.encode()).hexdigest()[:16] == digest


def _result(line: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.loads(line.partition(" ")[2])[1])
    return result


def _key(line: str) -> str:
    return str(json.loads(line.partition(" ")[2])[0])


def _half_written(out: Path) -> int:
    """Result files that are there, but not whole."""
    count = 0
    if (out / "results.jsonl").exists():
        try:
            text = (out / "results.jsonl").read_text(encoding="utf-8")
            count += len([json.loads(line) for line in text.splitlines()]) != CLASS
        except ValueError:
            count += 1
    if (out / "grades.csv").exists():
        with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
            count += len(list(csv.reader(file))) != CLASS + 1
    return count


def campaign(kills: int, seed: int, until: float) -> Tally:
    """Rounds with `kills` kills in all, or as many as there are until a moment of the clock."""
    total, draw = Tally(), random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_nbgrader(folder)
        write_class(folder, CLASS)
        while total.kills < kills and time.time() < until:
            with tempfile.TemporaryDirectory() as out:
                one = Round(folder / f"submitted-{CLASS}", Path(out), draw)
                total.add(one.run(kills - total.kills))
            print(f"{total}", flush=True)
    return total


def report(tally: Tally, seed: int, minutes: float) -> str:
    """The result in Markdown."""
    rows = [(name, value) for name, value in asdict(tally).items()]
    return (
        "# The grader, killed\n\n"
        f"`python -m benchmarks.kills`, seed {seed}: {describe()}; load {load()} at the end, "
        f"{minutes:.0f} minutes. {(__doc__ or '').partition(chr(10))[2].strip()}\n\n"
        "The main process of each grader was forked from one that had imported torch, to save "
        "time; those that grade and run answers were started as ever.\n\n"
        f"{markdown_table(('counted', 'number'), rows)}\n\n"
        "Of a kill before the first result nothing can be kept. A line that is cut short is what "
        "the journal's digests are for: the next run grades that submission.\n"
    )


def main(
    count: Annotated[int, typer.Option(help="Kills.")] = 200,
    jobs: Annotated[int, typer.Option(help="Classes at a time.")] = 1,
    minutes: Annotated[float, typer.Option(help="Start no round after this time.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/kills.md.")] = False,
) -> None:
    """Kills the grader at random moments, and counts what was lost."""
    start, total = time.time(), Tally()
    shares = [count // jobs + (job < count % jobs) for job in range(jobs)]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        until = start + 60 * minutes
        runs = [pool.submit(campaign, n, seed + job, until) for job, n in enumerate(shares)]
        for run in runs:
            total.add(run.result())
    print(total)
    if keep:
        minutes = (time.time() - start) / 60
        data = {"seed": seed, "minutes": minutes, "load": load(), **asdict(total)}
        record("kills", data, report(total, seed, minutes))
    if total.lost or total.double or total.wrong or total.half or total.left:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
