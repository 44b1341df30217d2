"""Grades attacks for real, and looks for what they left outside of their sandbox."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.bank import solution_source
from autograder.grading.exercise import grade_exercise
from autograder.results import ExerciseResult
from autograder.sandbox import ForkServerHandle
from autograder.submission import SubmissionError, read_answers
from course.manifest import Exercise, Manifest, load_manifest

from .attack import Attack
from .host import AnswerServer, fill_grader_folder, kill_marked, marked_processes

ANSWER = list(range(990, -1, -30))
NEIGHBOUR = "a1_4_timesteps"
# Far more than a busy machine needs to notice that a process has ended.
PATIENCE = 20.0


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of an attack.

    Attributes:
        result: As the grader gives it.
        passed: Names of the checks that passed.
        traces: What was found outside of the sandbox, one line each.
    """

    result: ExerciseResult
    passed: tuple[str, ...]
    traces: tuple[str, ...]

    def repelled(self, attack: Attack) -> bool:
        """Whether it got exactly what its honest part deserves, and left nothing."""
        return self.passed == attack.earns and not self.traces


class Arena:
    """A grader with something to steal: a folder with answers and a gradebook, a port, a secret.

    Args:
        level: Isolation level of the workers.
        folder: Where the grader's folder is made; its name is random, as an attack that finds it
            is told where it is.
    """

    def __init__(self, level: str, folder: Path) -> None:
        self.level = level
        self.manifest: Manifest = load_manifest()
        self.canary = folder / "grader"
        self.server = ForkServerHandle(level)
        self.answers = AnswerServer(ANSWER)
        secret = {**os.environ, "COURSE_SECRET": secrets.token_hex(8)}
        command = [sys.executable, "-I", "-c", "input()"]
        # What the grader's host runs besides, with a secret in its environment.
        self.bystander = subprocess.Popen(command, env=secret, stdin=subprocess.PIPE)

    def close(self) -> None:
        """Ends the fork server and what else was started."""
        self.server.close()
        self.answers.close()
        self.bystander.kill()
        self.bystander.wait()
        if self.bystander.stdin is not None:
            self.bystander.stdin.close()

    def run(self, attack: Attack) -> Outcome:
        """Grades one attack; what it left is found, then removed."""
        marker = f"atk{secrets.token_hex(4)}"
        self._fill_canary()
        before = self._canary_state()
        exercise = self._limited(attack)
        if attack.accomplice:
            grade_exercise(self.server, exercise, self._text(attack.accomplice, marker))
        result = grade_exercise(self.server, exercise, self._source(attack, marker))
        traces = [f"{name} in the grader's folder" for name in self._changes(before)]
        traces += self._traces(marker)
        words = [marker, *(self._text(word, marker) for word in attack.forbidden)]
        traces += ["its own words in the result" for word in words if word in repr(result)][:1]
        passed = tuple(check.name for check in result.checks if check.passed)
        return Outcome(result, passed, tuple(traces))

    def honest(self) -> ExerciseResult:
        """A neighbour's right answer, graded by the same fork server."""
        exercise = self.manifest.exercises[NEIGHBOUR]
        return grade_exercise(self.server, exercise, solution_source(exercise))

    def _source(self, attack: Attack, marker: str) -> str | None:
        """The answer's text; where a notebook was handed in, what the grader reads from it."""
        if not attack.cells:
            return self._text(attack.source, marker)
        notebook = {"cells": attack.cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        path = self.canary.parent / f"{secrets.token_hex(4)}.ipynb"
        path.write_text(self._text(json.dumps(notebook), marker), encoding="utf-8")
        part = self.manifest.exercises[attack.exercise].part
        try:
            return read_answers(path, self.manifest, part).sources[attack.exercise]
        except SubmissionError:
            return None
        finally:
            path.unlink()

    def _limited(self, attack: Attack) -> Exercise:
        exercise = self.manifest.exercises[attack.exercise]
        limits = exercise.limits
        if attack.wall is not None:
            limits = dataclasses.replace(limits, wall=attack.wall)
        if attack.memory_mib is not None:
            limits = dataclasses.replace(limits, memory_mib=attack.memory_mib)
        return dataclasses.replace(exercise, limits=limits)

    def _text(self, source: str, marker: str) -> str:
        text = source.replace("@CANARY@", str(self.canary)).replace("@MARKER@", marker)
        return text.replace("@PORT@", str(self.answers.port))

    def _fill_canary(self) -> None:
        self.canary.mkdir(exist_ok=True)
        for path in self.canary.iterdir():
            path.unlink()
        fill_grader_folder(self.canary, ANSWER)

    def _canary_state(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.canary.iterdir()}

    def _changes(self, before: dict[str, bytes]) -> list[str]:
        after = self._canary_state()
        names = sorted(before.keys() | after.keys())
        return [name for name in names if before.get(name) != after.get(name)]

    def _traces(self, marker: str) -> list[str]:
        found = [f"process {name}" for name in _lasting(marker)]
        kill_marked(marker)
        for path in _marked_files(marker):
            found.append(f"file {path.parent}/…")
            path.unlink(missing_ok=True)
        if self.answers.heard(marker):
            found.append("a datagram")
        return found


@contextmanager
def arena(level: str, folder: Path) -> Iterator[Arena]:
    """An arena that is closed in the end."""
    made = Arena(level, folder)
    try:
        yield made
    finally:
        made.close()


def _lasting(marker: str) -> list[str]:
    """Processes with the marker that are still there after a while."""
    deadline = time.monotonic() + PATIENCE
    while (found := marked_processes(marker)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [name for _, name in found]


def _marked_files(marker: str) -> list[Path]:
    """Files with the marker in their name, in the places that answers like to write to."""
    here = Path.cwd()
    places = [*map(Path, sys.path), here, *here.parents, Path(tempfile.gettempdir()), Path.home()]
    places += [Path(p) for p in ("/", "/dev", "/dev/shm", "/var/tmp", "/run", "/etc", "/usr")]
    caches = ("triton", "inductor", "hub", "matplotlib")
    places += [Path("/tmp", name) for name in caches]
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            found |= dict.fromkeys(path for path in place.iterdir() if marker in path.name)
    return list(found)
