"""Grades a class: reads, reuses what is known, grades the rest, writes results and report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from course.manifest import Exercise, Manifest, load_manifest

from ..full.presets import Preset
from ..report.pictures import keep_pictures
from ..results import SubmissionResult, write_grades_csv, write_results
from ..sandbox import require
from ..submission import Answers, Refusal, Submission, find_submissions
from .crew import default_workers, grade_all
from .devices import Devices, choose
from .folder import claim
from .journal import Journal
from .key import content_key
from .nursery import Nursery
from .parts import HostError, Joiner, Outcome, Task, split
from .record import write_record
from .submission import read, refuse
from .training import preset_of, training_key, with_trainings


@dataclass(frozen=True)
class Options:
    """What `autograder grade` was asked for; see its help.

    Attributes:
        manifest: Another manifest than the course's.
        device: auto, cpu or cuda.
        gpu_slots: GPU workers at the same time; None for one on each card.
        tier: quick, or full to train the assignment's networks as well.
        preset: Sizes of the full tier; None for the assignment's own.
    """

    submitted: Path
    out: Path
    workers: int | None = None
    assignment: str | None = None
    isolation: str | None = None
    fresh: bool = False
    manifest: Path | None = None
    device: str = "auto"
    gpu_slots: int | None = None
    tier: str = "quick"
    preset: str | None = None


@dataclass
class Report:
    """What a run did.

    Attributes:
        level: Isolation level in force.
        results: One for each submission that got a result.
        reused: How many of them were known from an earlier run.
        notes: Lines for the instructor: refusals and faults of the host.
        failed: Submissions that got no result, with the reason.
        graded: The results that this run made.
    """

    level: str
    results: list[SubmissionResult] = field(default_factory=list)
    reused: int = 0
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    graded: list[SubmissionResult] = field(default_factory=list)


Progress = Callable[[int, int], None]


def grade_class(options: Options, progress: Progress = lambda _done, _total: None) -> Report:
    """Grades every submission and writes OUT/results.jsonl, grades.csv and the journal.

    Args:
        options: Folders, level, number of workers.
        progress: Called with the number of submissions done and in all.

    Raises:
        IsolationError: The host cannot give the level or the device that was asked for.
        FullTierError: The full tier cannot run here.
        SubmissionError: There is nothing to grade, or the assignment is unknown.
        FolderError: OUT is in use by another run, or not a run's.
        OSError: OUT cannot be written.
    """
    level = require(options.isolation)
    manifest = load_manifest(options.manifest)
    found = find_submissions(options.submitted, options.assignment)
    concerned = _concerned(manifest, options.assignment)
    devices = choose(options.device, options.gpu_slots, concerned, options.tier != "quick")
    preset = preset_of(options.tier, options.preset, devices)
    start = time.monotonic()
    claim(options.out)
    report = Report(level, notes=list(devices.notes))
    with (
        Nursery(level, options.manifest) as nursery,
        Journal(options.out, options.fresh) as journal,
    ):
        tasks = _sort_out(found, manifest, devices, journal, report, preset, nursery)
        total = len(report.results) + len(tasks)
        progress(len(report.results), total)
        for task, outcome in _outcomes(tasks, manifest, devices, nursery, options, preset):
            if isinstance(outcome, HostError):
                name = f"{task.item.student}/{task.item.assignment}"
                report.failed.append(f"{name}: {outcome}; run the command again to grade it")
            else:
                keep_pictures(options.out, outcome)
                journal.add(task.key, outcome)
                report.results.append(outcome)
                report.graded.append(outcome)
            progress(len(report.results), total)
    write_results(options.out, report.results)
    write_grades_csv(options.out, report.results)
    write_record(options.out, _facts(report, devices, time.monotonic() - start), report.graded)
    return report


def _concerned(manifest: Manifest, assignment: str | None) -> Iterable[Exercise]:
    if assignment is None:
        return manifest.exercises.values()
    return manifest.of_part(assignment.removeprefix("part_"))


def _outcomes(
    tasks: list[Task],
    manifest: Manifest,
    devices: Devices,
    nursery: Nursery,
    options: Options,
    preset: Preset | None,
) -> Iterator[tuple[Task, Outcome]]:
    """Whole submissions' outcomes as they come, each with one of its tasks."""
    workers = min(options.workers or default_workers(), max(1, len(tasks)))

    def grade(parts: list[Task]) -> Iterator[tuple[Task, Outcome]]:
        joiner = Joiner(manifest)
        done = grade_all(parts, nursery, workers, devices.slots)
        with closing(done) as outcomes:
            for task, outcome in outcomes:
                if (whole := joiner.add(task, outcome)) is not None:
                    yield task, whole

    quick = grade([part for task in tasks for part in split(task, manifest, devices)])
    yield from with_trainings(quick, preset, devices, grade) if preset else quick


def _facts(report: Report, devices: Devices, seconds: float) -> dict[str, Any]:
    return {
        "isolation": report.level,
        "device": devices.choice,
        "gpus": [gpu.model for gpu in devices.slots],
        "seconds": round(seconds, 3),
        "graded": len(report.graded),
        "reused": report.reused,
        "failed": len(report.failed),
    }


def _sort_out(
    found: list[Submission | Refusal],
    manifest: Manifest,
    devices: Devices,
    journal: Journal,
    report: Report,
    preset: Preset | None,
    nursery: Nursery,
) -> list[Task]:
    """Reads every notebook; what is refused or known gets its result at once.

    With the first that is to be graded the nursery starts, and imports while others are read.
    """
    tasks: list[Task] = []
    for item in found:
        answers = read(item, manifest)
        if isinstance(item, Refusal) or isinstance(answers, Refusal):
            refusal = item if isinstance(item, Refusal) else answers
            _refused(refusal, manifest, report, preset.tier if preset else "quick")
            continue
        key = content_key(answers, report.level, manifest, devices)
        key = training_key(key, item, preset) if preset else key
        known = journal.find(key, item.student, item.assignment)
        if known is None:
            nursery.start()
            tasks.append(Task(key, item, answers))
        else:
            report.reused += 1
            report.results.append(known)
    return tasks


def _refused(refusal: Answers | Refusal, manifest: Manifest, report: Report, tier: str) -> None:
    if not isinstance(refusal, Refusal):
        return
    report.notes.append(f"{refusal.student}: {refusal.message}")
    if refusal.graded:
        result = refuse(refusal, manifest, report.level)
        report.results.append(replace(result, tier=tier))
