"""The full tier of one submission: which trainings are run, and what they mean for its points.

A training confirms one check of an exercise. Where the check passes in the quick tier and the
training falls short, the check gives no points; nothing gives points that the quick tier did not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from autograder.findings import Finding
from autograder.result_types import ExerciseResult, Status
from autograder.subject import Subject

from .checkpoint import RecordError, read_record, record_path
from .digits import PLAIN, Secret, digits_of, fresh_secret
from .pieces import Run, Text, text_of
from .presets import Preset
from .proving import proved_findings
from .running import Bench, findings

# Makes a worker.
Start = Callable[[], Subject]


@dataclass(frozen=True)
class Handed:
    """What a student handed in.

    Attributes:
        student: The student's id.
        notebook: The notebook's file; records lie beside it.
        answers: The answers by exercise.
        results: What the quick tier says, by exercise.
    """

    student: str
    notebook: Path
    answers: Mapping[str, str | None]
    results: Mapping[str, ExerciseResult]

    @property
    def sound(self) -> frozenset[str]:
        """The exercises that pass the quick tier."""
        return frozenset(key for key, r in self.results.items() if r.status == "passed")

    def gives(self, exercise: str, check: str) -> bool:
        """Whether a check gives its points in the quick tier."""
        result = self.results.get(exercise)
        return result is not None and any(c.name == check and c.passed for c in result.checks)


def due(handed: Handed, run: Run) -> bool:
    """Whether there is an answer to train with, and whether it passes a short training."""
    return handed.gives(run.exercise, run.check)


def training(handed: Handed, run: Run, preset: Preset, start: Start) -> list[Finding]:
    """One training in a worker of its own, or the proof of a record that was handed in.

    Raises:
        FullTierError: The preset's digits are not here.
        HostFailureError: The machine failed.
    """
    path = record_path(handed.notebook, run.kind)
    text = text_of(run, handed.answers, handed.sound)
    try:
        recipe = preset.recipes[run.kind]
        record = read_record(path, run.kind, recipe, handed.student) if path else None
    except RecordError as error:
        return [Finding(run.exercise, run.check, "failed", message=f"{error}.")]
    if record is not None:
        with closing(start()) as student:
            bench = _bench(student, run, preset, PLAIN)
            return proved_findings(bench, text, record, handed.student)
    found = _trained(text, run, preset, start)
    if found[0].status in ("failed", "error") and len(text.standins) < len(run.needs):
        return _without_others(handed, run, preset, start, found)
    return found


def _trained(text: Text, run: Run, preset: Preset, start: Start) -> list[Finding]:
    with closing(start()) as student:
        return findings(_bench(student, run, preset, fresh_secret()), text)


def _bench(student: Subject, run: Run, preset: Preset, secret: Secret) -> Bench:
    seed = secrets.randbelow(2**31)
    return Bench(student, run, preset, digits_of(preset, secret), secret, seed)


def _without_others(
    handed: Handed, run: Run, preset: Preset, start: Start, found: list[Finding]
) -> list[Finding]:
    """The findings with stand-ins for all other answers, where these are to blame."""
    sampler = {run.sampler[0]} if run.sampler else set()
    alone = text_of(run, handed.answers, handed.sound & {run.exercise, *sampler})
    again = _trained(alone, run, preset, start)
    if again[0].status != "passed":
        return found
    message = f"This passes beside the grader's own {', '.join(alone.standins)} only."
    told = replace(again[0], message=f"{message} {found[0].message}")
    return [told, *again[1:]]


def confirmed(
    results: Sequence[ExerciseResult], found: Sequence[Finding]
) -> tuple[ExerciseResult, ...]:
    """The quick tier's results, less the points that a training does not confirm."""
    against = {f.exercise: f for f in found if f.status not in ("passed", "skipped")}
    return tuple(
        _without(result, against[result.id]) if result.id in against else result
        for result in results
    )


def _without(result: ExerciseResult, finding: Finding) -> ExerciseResult:
    """A result whose check gives nothing, and why."""
    lost = [c for c in result.checks if c.name == finding.check and c.passed]
    if not lost:
        return result
    checks = tuple(
        replace(c, score=0.0, message=finding.message) if c in lost else c for c in result.checks
    )
    passed = result.status == "passed"
    return replace(
        result,
        checks=checks,
        score=sum(check.score for check in checks),
        status=cast("Status", finding.status) if passed else result.status,
        message=finding.message if passed else result.message,
    )
