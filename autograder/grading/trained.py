"""Runs the trainings of a submission, for the full tier."""

from __future__ import annotations

from dataclasses import replace

from ..findings import Finding
from ..full.pieces import RUNS, Run
from ..full.presets import PRESETS, Preset
from ..full.tier import Handed, confirmed, due, training
from ..results import SubmissionResult
from ..sandbox import ForkServerError, RemoteSubject
from ..subject import Subject
from .exercise import ATTEMPTS, ENDED, caps_of
from .parts import Task
from .servers import Servers


def train_answers(servers: Servers, task: Task) -> SubmissionResult:
    """A submission's result of the full tier.

    Args:
        servers: Where workers come from.
        task: With the quick tier's result.

    Raises:
        ForkServerError: The host failed, not an answer.
        FullTierError: The digits are gone.
    """
    quick = task.quick
    assert quick is not None
    results = {result.id: result for result in quick.exercises}
    handed = Handed(task.item.student, task.item.path, task.answers.sources, results)
    found: list[Finding] = []
    for run in RUNS.values():
        found += _surely(servers, handed, run, PRESETS[task.preset])
    exercises = confirmed(quick.exercises, found)
    return replace(
        quick,
        exercises=exercises,
        score=sum(exercise.score for exercise in exercises),
        seconds=round(quick.seconds + sum(f.seconds for f in found), 3),
        tier=PRESETS[task.preset].tier,
        trainings=tuple(found),
    )


def _surely(servers: Servers, handed: Handed, run: Run, preset: Preset) -> list[Finding]:
    """What is found of a training, also where the fork server dies on the way."""

    def start() -> Subject:
        limits = preset.limits
        return RemoteSubject(servers.get(), limits.wall, caps_of(limits))

    for attempt in range(ATTEMPTS):
        try:
            return training(handed, run, preset, start) if due(handed, run) else []
        except ForkServerError:
            servers.drop()
            # Only at level process can an answer kill the fork server, and so itself.
            if attempt == ATTEMPTS - 1 and servers.level != "process":
                raise
    return [Finding(run.exercise, run.check, "error", message=ENDED)]
