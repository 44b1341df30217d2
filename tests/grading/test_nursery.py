"""Where grading processes come from: forked, separate, gone when they are told or left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.nursery import GradingProcess, Nursery
from autograder.grading.parts import Task
from autograder.results import SubmissionResult
from autograder.sandbox import best_level
from autograder.submission import Answers, Submission, find_submissions, read_answers
from course.manifest import load_manifest
from tests.grading.classroom import EXERCISES, FORWARD, TIMESTEPS, write_class, write_manifest
from tests.sandbox.processes import below, eventually

ROOT = Path(__file__).resolve().parents[2]
FULL = EXERCISES[FORWARD].points + EXERCISES[TIMESTEPS].points


@pytest.fixture(scope="module")
def exercises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("manifest"))


@pytest.fixture(scope="module")
def nursery(exercises: Path) -> Iterator[Nursery]:
    with Nursery(best_level(), exercises) as made:
        yield made


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory, exercises: Path) -> Task:
    submitted = write_class(tmp_path_factory.mktemp("class"), {"ada": {}}, exercises)
    (item,) = find_submissions(submitted)
    assert isinstance(item, Submission)
    answers = read_answers(Path(item.path), load_manifest(exercises), item.assignment)
    assert isinstance(answers, Answers)
    return Task("key", item, answers)


def graded(process: GradingProcess, task: Task) -> SubmissionResult:
    process.connection.send(task)
    result = process.connection.recv()
    assert isinstance(result, SubmissionResult)
    return result


def test_processes_grade_beside_each_other(nursery: Nursery, task: Task) -> None:
    processes = [nursery.process() for _ in range(2)]
    results = [graded(process, task) for process in processes]
    assert results[0].score == results[1].score == FULL
    pids = {process.process.pid for process in processes}
    assert nursery.trusted is not None
    assert pids <= below(nursery.trusted.pid)
    processes[0].end(at_once=False)
    assert graded(processes[1], task).score == FULL
    processes[1].end(at_once=True)
    assert not pids & below(nursery.trusted.pid)


def test_the_trusted_side_is_no_ancestor_of_answers(nursery: Nursery, task: Task) -> None:
    """Workers come from a process that holds nothing of the grader, not from the grading one."""
    process = nursery.process()
    graded(process, task)
    assert nursery.trusted is not None
    assert nursery.server is not None
    servers = below(nursery.server.process.pid)
    assert servers
    assert not servers & below(nursery.trusted.pid)
    process.end(at_once=True)


def test_what_was_killed_is_started_again(nursery: Nursery, task: Task) -> None:
    """The fork server or the process that all are forked from: the next one is as good."""
    nursery.start()
    assert nursery.server is not None
    assert nursery.trusted is not None
    os.kill(nursery.server.process.pid, signal.SIGKILL)
    process = nursery.process()
    assert graded(process, task).score == FULL
    process.end(at_once=True)
    os.kill(nursery.trusted.pid, signal.SIGKILL)
    nursery.trusted.wait()
    process = nursery.process()
    assert graded(process, task).score == FULL
    process.end(at_once=True)


HANDS_OUT = """
import sys
import autograder.cli
assert "torch" not in sys.modules, "torch was imported to hand tasks out"
"""


def test_the_process_that_hands_tasks_out_has_no_torch() -> None:
    """Importing torch would make every run begin a second or two later."""
    done = subprocess.run(
        [sys.executable, "-c", HANDS_OUT], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


LEFT = """
import sys, time
from autograder.grading.nursery import Nursery
nursery = Nursery(sys.argv[1])
process = nursery.process()
print(nursery.trusted.pid, nursery.server.process.pid, process.process.pid, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_the_grader() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LEFT, best_level()], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as grader:
        assert grader.stdout is not None
        pids = [int(word) for word in grader.stdout.readline().split()]
        assert len(pids) == 3
        grader.kill()
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
