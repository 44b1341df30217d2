"""The command `autograder watch`: grades what arrives in a folder.

The folder is looked at again and again, which works on every file system, also over a network.
What changed is graded when it has been quiet for a while, so that no half-copied notebook is.
"""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from course.manifest import ManifestError

from .grading.journal import FolderError
from .grading.run import Options, Report, grade_class
from .report import ReportMeta, write_report
from .results import SubmissionResult
from .sandbox import IsolationError
from .submission import SubmissionError
from .submission.finding import ASSIGNMENTS

# So many quiet times a folder may go on changing before it is graded as it is.
RESTLESS = 10

Snapshot = frozenset[tuple[str, int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Gives path, size and time of change of every file at ``<student>/<assignment>/``."""
    found = set()
    for student in _folders(folder):
        for assignment in _folders(student):
            for entry in _entries(assignment):
                told = _stat(entry)
                if told is not None and not stat.S_ISDIR(told.st_mode):
                    name = str(Path(entry.path).relative_to(folder))
                    found.add((name, told.st_size, told.st_mtime_ns))
    return frozenset(found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _folders(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield Path(entry.path)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


@dataclass
class Settling:
    """Says when a folder that changes is to be graded.

    Attributes:
        settle: Seconds of quiet after a change.
        graded: What was graded last.
    """

    settle: float
    graded: Snapshot | None = None
    _seen: Snapshot | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)
    _first: float = field(default=0.0, init=False)

    def due(self, now: float, seen: Snapshot) -> bool:
        """Takes a look into account, and says whether to grade what was seen."""
        if seen == self.graded:
            self._seen = None
            return False
        if self._seen is None:
            self._first = now
        if seen != self._seen:
            self._seen, self._since = seen, now
        quiet = now - self._since >= self.settle
        return quiet or now - self._first >= RESTLESS * self.settle

    def done(self, seen: Snapshot) -> None:
        """Notes what was graded."""
        self.graded, self._seen = seen, None


Say = Callable[[str], None]


def grade_arrivals(
    options: Options, settle: float, interval: float, say: Say = lambda _line: None
) -> NoReturn:
    """Grades what arrives, until it is interrupted.

    Args:
        options: Folders, level, number of workers.
        settle: Seconds of quiet after a change.
        interval: Seconds between two looks.
        say: Called with a line for each new result and each refusal.

    Raises:
        KeyboardInterrupt: The user ends it; what is finished is kept.
        IsolationError: The host cannot give the level that was asked for.
        SubmissionError: The folder is not there.
        FolderError: The output folder is in use by another run, or not a run's.
        OSError: The output folder cannot be written.
    """
    settling, told = Settling(settle), dict[str, None]()
    while True:
        if not options.submitted.is_dir():
            raise SubmissionError(f"{options.submitted} is not there: give the folder to watch")
        seen = snapshot(options.submitted)
        if seen and settling.due(time.monotonic(), seen):
            failed = _grade(options, told, say)
            if not failed:
                settling.done(seen)
        time.sleep(interval)


def _grade(options: Options, told: dict[str, None], say: Say) -> bool:
    """Grades the folder as it is; says whether the host failed on some of it."""
    start = time.monotonic()
    try:
        report = grade_class(options)
    except SubmissionError as error:
        _say_once(f"nothing to grade: {error}", told, say)
        return False
    meta = ReportMeta(seconds=time.monotonic() - start, notices=tuple(report.notes))
    write_report(options.out, report.results, meta=meta)
    for line in _lines(report):
        _say_once(line, told, say)
    return bool(report.failed)


def _lines(report: Report) -> Iterator[str]:
    for result in sorted(report.results, key=_name):
        yield f"{_name(result)}: {result.score:g} of {result.max_score:g}"
    yield from (f"note: {note}" for note in report.notes)
    yield from (f"no result yet: {line}" for line in report.failed)


def _name(result: SubmissionResult) -> str:
    return f"{result.student}/{result.assignment}"


def _say_once(line: str, told: dict[str, None], say: Say) -> None:
    if line not in told:
        told[line] = None
        say("".join(c if c.isprintable() else "�" for c in line))


@contextmanager
def _ending_like_ctrl_c() -> Iterator[None]:
    """Makes the signal by which services are stopped end the watch as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def watch(
    folder: Annotated[
        Path, typer.Argument(help="Folder in which <student>/<assignment>/<notebook>.ipynb arrive.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for results, as of `autograder grade`.")
    ],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes to grade with.")] = None,
    assignment: Annotated[str | None, typer.Option(help="part_a or part_b; default: both.")] = None,
    isolation: Annotated[
        str | None, typer.Option(help="Refuse to run below this level; see `autograder doctor`.")
    ] = None,
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds of quiet after a change before it is graded.")
    ] = 3.0,
    interval: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks.")] = 1.0,
) -> None:
    """Grades what arrives in a folder, until Ctrl-C.

    Results, tables and report are brought up to date after each arrival. What was graded before
    is not graded again, and what is finished is kept when the watch ends.
    """
    if out.resolve().is_relative_to(folder.resolve()):
        _fail(f"{out} lies in the folder that is watched: give another --out")
    if assignment is not None and assignment not in ASSIGNMENTS:
        _fail(f"unknown assignment {assignment!r}: this course has {', '.join(ASSIGNMENTS)}")
    options = Options(folder, out, workers, assignment, isolation)
    typer.echo(f"watching {folder}; results go to {out}; Ctrl-C ends")
    try:
        with _ending_like_ctrl_c():
            grade_arrivals(options, settle, interval, typer.echo)
    except KeyboardInterrupt:
        typer.echo(f"ended; what is finished is in {out}")
    except (IsolationError, SubmissionError, ManifestError, FolderError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or out}: {error.strerror or error}; results so far are kept")


def _fail(message: str) -> NoReturn:
    typer.secho(f"autograder: {message}", fg="red", err=True)
    raise typer.Exit(2)
