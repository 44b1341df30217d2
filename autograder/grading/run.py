"""Grades a class: reads, reuses what is known, grades the rest, writes results and report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from course.manifest import Manifest, load_manifest

from ..report.pictures import keep_pictures
from ..results import SubmissionResult, write_grades_csv, write_results
from ..sandbox import require
from ..submission import Answers, Refusal, Submission, find_submissions
from .crew import HostError, Task, default_workers, grade_all
from .folder import claim
from .journal import Journal
from .key import content_key
from .submission import read, refuse


@dataclass(frozen=True)
class Options:
    """What `autograder grade` was asked for; see its help.

    Attributes:
        manifest: Another manifest than the course's.
    """

    submitted: Path
    out: Path
    workers: int | None = None
    assignment: str | None = None
    isolation: str | None = None
    fresh: bool = False
    manifest: Path | None = None


@dataclass
class Report:
    """What a run did.

    Attributes:
        level: Isolation level in force.
        results: One for each submission that got a result.
        reused: How many of them were known from an earlier run.
        notes: Lines for the instructor: refusals and faults of the host.
        failed: Submissions that got no result, with the reason.
    """

    level: str
    results: list[SubmissionResult] = field(default_factory=list)
    reused: int = 0
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


Progress = Callable[[int, int], None]


def grade_class(options: Options, progress: Progress = lambda _done, _total: None) -> Report:
    """Grades every submission and writes OUT/results.jsonl, grades.csv and the journal.

    Args:
        options: Folders, level, number of workers.
        progress: Called with the number of submissions done and in all.

    Raises:
        IsolationError: The host cannot give the level that was asked for.
        SubmissionError: There is nothing to grade, or the assignment is unknown.
        FolderError: OUT is in use by another run, or not a run's.
        OSError: OUT cannot be written.
    """
    level = require(options.isolation)
    manifest = load_manifest(options.manifest)
    found = find_submissions(options.submitted, options.assignment)
    claim(options.out)
    report = Report(level)
    with Journal(options.out, options.fresh) as journal:
        tasks = _sort_out(found, manifest, level, journal, report)
        total = len(report.results) + len(tasks)
        progress(len(report.results), total)
        workers = min(options.workers or default_workers(), max(1, len(tasks)))
        with closing(grade_all(tasks, level, workers, options.manifest)) as outcomes:
            for task, outcome in outcomes:
                if isinstance(outcome, HostError):
                    name = f"{task.item.student}/{task.item.assignment}"
                    report.failed.append(f"{name}: {outcome}; run the command again to grade it")
                else:
                    keep_pictures(options.out, outcome)
                    journal.add(task.key, outcome)
                    report.results.append(outcome)
                progress(len(report.results), total)
    write_results(options.out, report.results)
    write_grades_csv(options.out, report.results)
    return report


def _sort_out(
    found: list[Submission | Refusal],
    manifest: Manifest,
    level: str,
    journal: Journal,
    report: Report,
) -> list[Task]:
    """Reads every notebook; what is refused or known gets its result at once."""
    tasks: list[Task] = []
    for item in found:
        answers = read(item, manifest)
        if isinstance(item, Refusal) or isinstance(answers, Refusal):
            _refused(item if isinstance(item, Refusal) else answers, manifest, level, report)
            continue
        key = content_key(answers, level, manifest)
        known = journal.find(key, item.student, item.assignment)
        if known is None:
            tasks.append(Task(key, item, answers))
        else:
            report.reused += 1
            report.results.append(known)
    return tasks


def _refused(refusal: Answers | Refusal, manifest: Manifest, level: str, report: Report) -> None:
    if not isinstance(refusal, Refusal):
        return
    report.notes.append(f"{refusal.student}: {refusal.message}")
    if refusal.graded:
        report.results.append(refuse(refusal, manifest, level))
