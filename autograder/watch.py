"""The command `autograder watch`: grades what arrives in a folder.

The folder is looked at again and again, which works on every file system, also over a network.
What changed is graded when it has been quiet for a while, so that no half-copied notebook is.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from course.manifest import ManifestError, load_manifest

from .bridge import GradebookError, GradebookWriter
from .bridge.arrivals import Arrivals
from .grading.journal import FolderError
from .grading.run import Options, Report, grade_class
from .report import ReportMeta, write_report
from .results import SubmissionResult
from .sandbox import IsolationError
from .settling import Settling, snapshot
from .submission import SubmissionError
from .submission.finding import ASSIGNMENTS

# Seconds for which a gradebook that is locked or gone may hold the watch up at a time.
PATIENCE = 5.0

Say = Callable[[str], None]


class Ending:
    """Ctrl-C, and the signal by which services are stopped.

    Python drops an interruption that falls into a destructor or a callback, so that it was asked
    for is kept as well, and looked at between two looks at the folder.
    """

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, *_: object) -> NoReturn:
        """Handles a signal.

        Raises:
            KeyboardInterrupt: Always.
        """
        self.asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raises what was dropped."""
        if self.asked:
            raise KeyboardInterrupt

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Takes the signals meanwhile."""
        before = {n: signal.signal(n, self) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def grade_arrivals(
    options: Options,
    settle: float,
    interval: float,
    say: Say = lambda _line: None,
    book: Arrivals | None = None,
    ending: Ending | None = None,
) -> NoReturn:
    """Grades what arrives, until it is interrupted.

    Args:
        options: Folders, level, number of workers.
        settle: Seconds of quiet after a change.
        interval: Seconds between two looks.
        say: Called with a line for each new result and each refusal.
        book: Brings the results into a gradebook, too; while it cannot, grading goes on.
        ending: Says whether the end was asked for.

    Raises:
        KeyboardInterrupt: The user ends it; what is finished is kept.
        IsolationError: The host cannot give the level that was asked for.
        SubmissionError: The folder is not there.
        FolderError: The output folder is in use by another run, or not a run's.
        OSError: The output folder cannot be written.
    """
    settling, told = Settling(settle), dict[str, None]()
    ending = ending or Ending()
    while True:
        ending.check()
        if not options.submitted.is_dir():
            raise SubmissionError(f"{options.submitted} is not there: give the folder to watch")
        seen = snapshot(options.submitted)
        if seen and settling.due(time.monotonic(), seen):
            failed = _grade(options, told, say, book)
            if not failed:
                settling.done(seen)
        for line in book.write() if book is not None else ():
            say(_printable(line))
        time.sleep(interval)


def _grade(options: Options, told: dict[str, None], say: Say, book: Arrivals | None) -> bool:
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
    if book is not None:
        book.take(report.results)
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
        say(_printable(line))


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in line)


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
    gradebook: Annotated[
        str | None,
        typer.Option(help="nbgrader's gradebook to fill in: a file, sqlite:/// or postgresql://."),
    ] = None,
) -> None:
    """Grades what arrives in a folder, until Ctrl-C.

    Results, tables and report are brought up to date after each arrival. What was graded before
    is not graded again, and what is finished is kept when the watch ends. While a gradebook is
    locked or gone its results wait, and grading goes on.
    """
    if out.resolve().is_relative_to(folder.resolve()):
        _fail(f"{out} lies in the folder that is watched: give another --out")
    if assignment is not None and assignment not in ASSIGNMENTS:
        _fail(f"unknown assignment {assignment!r}: this course has {', '.join(ASSIGNMENTS)}")
    options = Options(folder, out, workers, assignment, isolation)
    book = _book(gradebook, folder) if gradebook else None
    typer.echo(f"watching {folder}; results go to {out}; Ctrl-C ends")
    try:
        ending = Ending()
        with ending.watched():
            grade_arrivals(options, settle, interval, typer.echo, book, ending)
    except KeyboardInterrupt:
        typer.echo(f"ended; what is finished is in {out}")
        if book is not None:
            _say_what_waits(book, out)
    except (IsolationError, SubmissionError, ManifestError, FolderError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or out}: {error.strerror or error}; results so far are kept")


def _book(place: str, folder: Path) -> Arrivals:
    """Opens the way into a gradebook, which must be usable now; later it may go and come."""
    try:
        writer = GradebookWriter(place, load_manifest(), PATIENCE)
        for note in writer.check(folder):
            typer.echo(note)
    except (GradebookError, ManifestError) as error:
        _fail(str(error))
    return Arrivals(writer, folder)


def _say_what_waits(book: Arrivals, out: Path) -> None:
    if len(book):
        _fail(
            f"{len(book)} results in {out} are not in the gradebook yet: `autograder grade` with "
            "the same folders and --gradebook writes them"
        )


def _fail(message: str) -> NoReturn:
    typer.secho(f"autograder: {message}", fg="red", err=True)
    raise typer.Exit(2)
