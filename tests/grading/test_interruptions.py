"""Killed graders, crews and fork servers: the next run goes on, nothing is lost or done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.exercise import ENDED
from autograder.grading.journal import NAME
from autograder.grading.run import Options, grade_class
from tests.grading.classroom import (
    EXERCISES,
    FORWARD,
    SOLVED,
    TIMESTEPS,
    lines_of,
    recorded,
    write_class,
)
from tests.sandbox.processes import below, eventually, parents

FULL = EXERCISES[FORWARD].points + EXERCISES[TIMESTEPS].points
NAMES = ("ada", "bob", "carl", "dora", "emil")
GRADER = """
import sys
from pathlib import Path
from autograder.grading.run import Options, grade_class

def main():
    submitted, out, manifest = map(Path, sys.argv[1:])
    options = Options(submitted, out, 1, manifest=manifest)
    grade_class(options, lambda done, total: print(done, flush=True))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program that grades; processes are started from its file."""
    path = tmp_path / "grader.py"
    path.write_text(GRADER, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("how", "done"),
    [(signal.SIGKILL, 2), pytest.param(signal.SIGINT, 1, marks=pytest.mark.slow)],
    ids=["kill", "interrupt"],
)
def test_the_next_run_goes_on(
    tmp_path: Path, manifest: Path, script: Path, how: signal.Signals, done: int
) -> None:
    submitted = write_class(tmp_path / "submitted", {name: {} for name in NAMES}, manifest)
    out = tmp_path / "out"
    command = [sys.executable, *map(str, (script, submitted, out, manifest))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as grader:
        assert grader.stdout is not None
        while int(grader.stdout.readline()) < done:
            pass
        alive = below(grader.pid)
        if how == signal.SIGKILL:
            grader.kill()
        else:  # as from a terminal
            os.killpg(grader.pid, how)
        assert grader.wait() != 0
    assert len(alive) >= 2
    assert eventually(lambda: not alive & set(parents()))
    before = recorded(out)
    assert done <= len(before) < len(NAMES)
    assert not (out / "results.jsonl").exists()
    report = grade_class(Options(submitted, out, 1, manifest=manifest))
    assert report.reused == len(before)
    assert sorted(recorded(out)) == sorted(NAMES)
    assert {line["score"] for line in lines_of(out).values()} == {FULL}


@pytest.mark.slow
def test_a_cut_off_journal_costs_one_submission(tmp_path: Path, manifest: Path) -> None:
    submitted = write_class(tmp_path / "submitted", {name: {} for name in NAMES[:3]}, manifest)
    options = Options(submitted, tmp_path / "out", 1, manifest=manifest)
    grade_class(options)
    whole = lines_of(options.out)
    path = options.out / NAME
    path.write_bytes(path.read_bytes()[:-100])
    assert grade_class(options).reused == 2
    again = lines_of(options.out)
    assert {k: v["exercises"] for k, v in again.items()} == {
        k: v["exercises"] for k, v in whole.items()
    }


KILL = """
import os, pathlib, signal
def _parent(pid):
    return int(pathlib.Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1])
def _children(parent):
    found = []
    for path in pathlib.Path("/proc").iterdir():
        try:
            found += [int(path.name)] if _parent(int(path.name)) == parent else []
        except (ValueError, OSError):
            continue
    return found
def _grading():
    # Fork servers and grading processes come from two children of the grader.
    grader = _parent(_parent(os.getppid()))
    for pid in _children(grader):
        if b"grading.member" in pathlib.Path(f"/proc/{{pid}}/cmdline").read_bytes():
            return _children(pid)[0]
_target = {target}
_mark = pathlib.Path({mark!r})
if {always} or not _mark.exists():
    _mark.touch()
    os.kill(_target, signal.SIGKILL)
"""
FORK_SERVER, GRADING_PROCESS = "os.getppid()", "_grading()"


def killer(target: str, mark: Path, always: bool) -> dict[str, str]:
    """A right answer that kills a process of the grader's, once or each time.

    Only level process lets it; it stands for whatever else may end these processes.
    """
    kill = KILL.format(target=target, mark=str(mark), always=always)
    head, body = SOLVED[FORWARD].split(":\n", 1)
    lines = "".join(f"    {line}\n" for line in kill.strip().splitlines())
    return {FORWARD: f"{head}:\n{lines}{body}"}


def run_at_process(tmp_path: Path, manifest: Path, answers: dict[str, str]) -> Options:
    submitted = write_class(tmp_path / "submitted", {"ada": answers, "bob": {}}, manifest)
    return Options(submitted, tmp_path / "out", 1, isolation="process", manifest=manifest)


@pytest.mark.parametrize(
    "target",
    [FORK_SERVER, pytest.param(GRADING_PROCESS, marks=pytest.mark.slow)],
    ids=["server", "crew"],
)
def test_a_submission_is_graded_again_when_its_process_dies(
    tmp_path: Path, manifest: Path, target: str
) -> None:
    mark = tmp_path / "mark"
    options = run_at_process(tmp_path, manifest, killer(target, mark, always=False))
    report = grade_class(options)
    assert mark.exists()
    assert report.failed == []
    assert {line["score"] for line in lines_of(options.out).values()} == {FULL}


@pytest.mark.slow
def test_an_answer_that_always_ends_the_fork_server_gets_no_point(
    tmp_path: Path, manifest: Path
) -> None:
    answers = killer(FORK_SERVER, tmp_path / "mark", always=True)
    options = run_at_process(tmp_path, manifest, answers)
    assert grade_class(options).failed == []
    lines = lines_of(options.out)
    entry = lines["ada"]["exercises"][0]
    assert (entry["status"], entry["score"], entry["message"]) == ("error", 0, ENDED)
    assert (lines["ada"]["score"], lines["bob"]["score"]) == (EXERCISES[TIMESTEPS].points, FULL)


def test_a_submission_that_always_ends_its_process_takes_no_other_with_it(
    tmp_path: Path, manifest: Path
) -> None:
    answers = killer(GRADING_PROCESS, tmp_path / "mark", always=True)
    options = run_at_process(tmp_path, manifest, answers)
    report = grade_class(options)
    (failed,) = report.failed
    assert failed.startswith("ada/part_a: ")
    assert "again" in failed
    assert lines_of(options.out)["bob"]["score"] == FULL
    assert recorded(options.out) == ["bob"]
