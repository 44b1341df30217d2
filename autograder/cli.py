"""The command `autograder`: grade a class, look at what this host can do."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from course.manifest import ManifestError, load_manifest

from .bridge import GradebookError, GradebookWriter
from .bundle.command import app as bundle
from .export.command import export_results
from .full.errors import FullTierError
from .grading.journal import FolderError
from .grading.run import Options, Report, grade_class
from .report import ReportMeta, write_report
from .results import SubmissionResult
from .sandbox import IsolationError, best_level, detect
from .sandbox.vram import gpu_lines
from .submission import SubmissionError
from .watch import watch

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Grades notebooks of the diffusion course. Students' code runs in workers of its own; "
    "hidden checks, expected values and grades never enter them.",
)
console = Console()
errors = Console(stderr=True)

Submitted = Annotated[
    Path,
    typer.Argument(help="Folder with <student>/<assignment>/<notebook>.ipynb, as nbgrader has it."),
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for results.jsonl, grades.csv, report.html.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes to grade with; default: one per core.")
]
Assignment = Annotated[
    str | None, typer.Option(help="part_a or part_b; default: both, where they were handed in.")
]
Isolation = Annotated[
    str | None,
    typer.Option(
        help="strict, landlock or process: refuse to run below it; default: the strongest here."
    ),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Grade everything anew, whatever an earlier run recorded.")
]

Gradebook = Annotated[
    str | None,
    typer.Option(help="nbgrader's gradebook to write into: a file, sqlite:/// or postgresql://."),
]
Device = Annotated[
    str,
    typer.Option(help="auto (as the manifest says, where there is a GPU), cpu or cuda."),
]
GpuSlots = Annotated[
    int | None,
    typer.Option(min=1, help="GPU workers at the same time; default: one on each visible card."),
]
Tier = Annotated[
    str,
    typer.Option(help="quick, or full: train the assignment's networks with each answer as well."),
]
Preset = Annotated[
    str | None,
    typer.Option(help="Sizes of the full tier: full (a GPU), reduced (minutes on a CPU), smoke."),
]


@app.command()
def grade(
    submitted: Submitted,
    out: Out,
    workers: Workers = None,
    assignment: Assignment = None,
    isolation: Isolation = None,
    fresh: Fresh = False,
    gradebook: Gradebook = None,
    device: Device = "auto",
    gpu_slots: GpuSlots = None,
    tier: Tier = "quick",
    preset: Preset = None,
) -> None:
    """Grades a class.

    An interrupted run goes on where it stopped; unchanged submissions are not graded twice.
    Exit status 0 when every submission got a result, whatever the scores.
    """
    asked = Options(submitted, out, workers, assignment, isolation, fresh)
    options = replace(asked, device=device, gpu_slots=gpu_slots, tier=tier, preset=preset)
    start = time.monotonic()
    try:
        if out.resolve().is_relative_to(submitted.resolve()):
            raise FolderError(f"{out} lies in {submitted}: name a folder outside of it")
        book = GradebookWriter(gradebook, load_manifest()) if gradebook else None
        notes = book.check(submitted) if book else []
        report = _with_progress(options)
        meta = ReportMeta(seconds=time.monotonic() - start, notices=tuple(report.notes))
        page = write_report(out, report.results, meta=meta)
        report.notes += notes + (book.write(report.results, submitted) if book else [])
    except (IsolationError, SubmissionError, ManifestError, FolderError, FullTierError) as error:
        _fail(str(error))
    except GradebookError as error:
        _fail(f"{error}; results so far are in {out}, and the same command goes on from here")
    except KeyboardInterrupt:
        _fail("interrupted; finished results are kept, the same command goes on from here", 130)
    except OSError as error:
        _fail(
            f"{error.filename or out}: {error.strerror or error}; finished results are kept, and "
            "when this is mended the same command goes on from here"
        )
    _show(report, page, time.monotonic() - start)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Says which isolation levels and GPUs this host offers, and how to get more."""
    table = Table("level", "available", "what it means here")
    for level in detect().values():
        table.add_row(level.name, "yes" if level.available else "no", level.reason)
    console.print(table)
    console.print(f"Grading uses [bold]{best_level()}[/bold] unless told otherwise.")
    for line in gpu_lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)


app.command(name="export")(export_results)
app.command()(watch)
app.add_typer(bundle, name="bundle")


def _with_progress(options: Options) -> Report:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    # Off a terminal a bar would only leave an empty line.
    quiet = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=quiet) as bar:
        task = bar.add_task("grading", total=None)
        return grade_class(
            options, lambda done, total: bar.update(task, completed=done, total=total)
        )


def _show(report: Report, page: Path, seconds: float) -> None:
    table = Table(
        "student", "assignment", "by checks", "of", "by hand", "not passed", title="Results"
    )
    for result in sorted(report.results, key=lambda r: (r.student, r.assignment)):
        table.add_row(*_row(result))
    console.print(table)
    if any(_waiting(result) for result in report.results):
        console.print("by hand: points that wait for a person, beside those by checks")
    for note in dict.fromkeys(report.notes):
        errors.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    for line in report.failed:
        errors.print(f"no result: {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{len(report.results)} submissions, {report.reused} of them known from before, "
        f"isolation {report.level}, {seconds:.1f} s"
    )
    console.print(f"report: {page}", markup=False, highlight=False, soft_wrap=True)


def _row(result: SubmissionResult) -> list[str]:
    waiting = _waiting(result)
    of, by_hand = f"{result.max_score - waiting:g}", f"{waiting:g}" if waiting else ""
    # Names and messages come from outside: nothing in them is markup.
    return [
        _plain(result.student),
        result.assignment,
        f"{result.score:g}",
        of,
        by_hand,
        _plain(_not_passed(result)),
    ]


def _not_passed(result: SubmissionResult) -> str:
    """The first exercises that are not passed; of a notebook that was refused, the reason."""
    messages = {e.message for e in result.exercises}
    if len(messages) == 1 and result.repairs:
        return messages.pop()
    wrong = [e for e in result.exercises if e.status not in ("passed", "manual")]
    told = ", ".join(f"{e.id} ({e.diagnosis or e.status})" for e in wrong[:2])
    return told + (f" and {len(wrong) - 2} more" if len(wrong) > 2 else "")


def _waiting(result: SubmissionResult) -> float:
    """Points of a submission that only a person can give."""
    return sum(e.max_score for e in result.exercises if e.status == "manual")


def _plain(text: str) -> str:
    printable = "".join(c if c.isprintable() else "�" for c in text)
    return printable.replace("[", r"\[")


def _fail(message: str, status: int = 2) -> NoReturn:
    errors.print(
        f"autograder: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    raise typer.Exit(status)


def main() -> None:
    """Entry point of the console script."""
    sys.exit(app())
