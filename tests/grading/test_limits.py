"""Each limit of the manifest, from its number there to what the student is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import limits
from autograder.grading.exercise import caps_of, grade_exercise
from autograder.sandbox import ForkServerHandle, best_level
from course.limits import KEYS
from course.manifest import Limits, load_manifest
from tests.grading.classroom import FORWARD, write_manifest

HEAD = "def forward(im, t, alphas_cumprod):\n    "
LOOP = "while True: pass"
SLEEP = "import time; time.sleep(1000)"

# What is set in the manifest, an answer that reaches it, and what is said.
REACHED = {
    "wall": ("wall = 2", SLEEP, "timeout", "Your `forward` did not answer within 2 seconds."),
    "cpu": (
        "cpu = 1",
        LOOP,
        "timeout",
        "Your `forward` used more than 1 second of processor time.",
    ),
    "memory": (
        "memory = 512",
        "return torch.ones(2**30)",
        "error",
        "Your `forward` used more than 512 MiB of memory at line 2 of your answer.",
    ),
    "processes": (
        "processes = 10",
        "import threading\n    for _ in range(200):\n        "
        f"threading.Thread(target=lambda: __import__('time').sleep(1000)).start()\n    {SLEEP}",
        "error",
        "Your `forward` started more than 10 processes and threads",
    ),
    "descriptors": (
        "descriptors = 50",
        "return [open('/dev/null') for _ in range(60)]",
        "error",
        "Your `forward` opened more than 50 files at once at line 2 of your answer.",
    ),
    "file": (
        "file = 3",
        "import tempfile\n    with tempfile.TemporaryFile() as f:\n        f.write(bytes(2**22))",
        "error",
        "Your `forward` wrote more than 3 MiB to disk at line ",
    ),
    "reply": (
        "reply = 1",
        "return torch.zeros(2**19)",
        "error",
        "Your `forward` returned more than 1 MiB.",
    ),
    "output": (
        "output = 2",
        "print('x' * 3 * 2**20)\n    return im",
        "error",
        "Your `forward` printed more than 2 MiB.",
    ),
    "vram": (
        "vram = 3072",
        "raise torch.OutOfMemoryError('as torch does')",
        "error",
        "Your `forward` used more than 3 GiB of GPU memory at line 2 of your answer.",
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServerHandle]:
    """A fork server of the strongest level."""
    with ForkServerHandle(best_level()) as handle:
        yield handle


def test_every_limit_has_an_answer_here_that_reaches_it() -> None:
    assert set(REACHED) == set(limits.LIMITS) == set(KEYS)


@pytest.mark.parametrize("limit", REACHED)
def test_a_limit_of_the_manifest_is_kept_and_named(
    server: ForkServerHandle, tmp_path: Path, limit: str
) -> None:
    setting, body, status, told = REACHED[limit]
    path = write_manifest(tmp_path)
    lines = path.read_text(encoding="utf-8").replace(
        "limits = { wall = 120, cpu = 3 }", f"limits = {{ {setting} }}", 1
    )
    path.write_text(lines, encoding="utf-8")
    exercise = load_manifest(path).exercises[FORWARD]
    result = grade_exercise(server, exercise, f"{HEAD}{body}\n")
    assert (result.status, result.limit, result.score) == (status, limit, 0)
    assert result.message.startswith(told)
    assert {check.message for check in result.checks} == {result.message}


def test_every_number_of_the_manifest_reaches_the_worker() -> None:
    numbers = Limits(*range(1, len(dataclasses.fields(Limits)) + 1))
    caps = dataclasses.asdict(caps_of(numbers))
    assert sorted(caps.values()) == list(range(2, len(dataclasses.fields(Limits)) + 1))
    assert caps == dataclasses.asdict(caps_of(dataclasses.replace(numbers, wall=99)))
