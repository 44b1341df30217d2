"""Where answers run, parts of submissions, and what is said of it: without a GPU."""

from __future__ import annotations

import json
import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading import crew
from autograder.grading.devices import Devices, choose
from autograder.grading.key import content_key
from autograder.grading.nursery import Nursery
from autograder.grading.parts import HostError, Joiner, Task, split
from autograder.grading.run import Options, grade_class
from autograder.results import ExerciseResult, SubmissionResult
from autograder.sandbox import gpus
from autograder.sandbox.gpus import Gpu
from autograder.submission import Answers, Submission
from course.manifest import Manifest, load_manifest
from tests.grading.classroom import EXERCISES, FORWARD, SOLVED, TIMESTEPS, lines_of, write_class

CARDS = (Gpu("GPU-a", 0, "one"), Gpu("GPU-b", 1, "two"))
MEANT = [replace(EXERCISES[FORWARD], device="cuda"), EXERCISES[TIMESTEPS]]


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with two cards."""
    monkeypatch.setattr(gpus, "visible", lambda: CARDS)


@pytest.fixture
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without a card."""
    monkeypatch.setattr(gpus, "visible", lambda: ())


@pytest.mark.usefixtures("cards")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [("auto", ["cuda", "cpu"]), ("cpu", ["cpu", "cpu"]), ("cuda", ["cuda", "cuda"])],
)
def test_where_exercises_run(choice: str, expected: list[str]) -> None:
    chosen = choose(choice, None, MEANT)
    assert [chosen.of(exercise) for exercise in MEANT] == expected
    assert len(chosen.slots) == (0 if choice == "cpu" else 2)
    assert chosen.notes == ()


@pytest.mark.usefixtures("cards")
def test_slots_are_spread_over_the_cards() -> None:
    assert choose("auto", 1, MEANT).slots == CARDS[:1]
    three = choose("auto", 3, MEANT).slots
    assert [(gpu.uuid, gpu.shared) for gpu in three] == [
        ("GPU-a", True),
        ("GPU-b", False),
        ("GPU-a", True),
    ]


@pytest.mark.usefixtures("no_cards")
def test_without_a_card_exercises_run_on_the_cpu_and_a_note_says_so() -> None:
    chosen = choose("auto", None, MEANT)
    assert [chosen.of(exercise) for exercise in MEANT] == ["cpu", "cpu"]
    assert chosen.notes == (
        f"this host has no GPU: {FORWARD} ran on the CPU, where it takes longer",
    )


@pytest.mark.usefixtures("no_cards")
def test_a_gpu_that_is_asked_for_and_missing_is_refused(tmp_path: Path, manifest: Path) -> None:
    write_class(tmp_path / "submitted", {"ada": {}}, manifest)
    arguments = ["grade", str(tmp_path / "submitted"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, "--device", "cuda"])
    assert result.exit_code == 2
    assert "--device cuda: this host has no NVIDIA GPU" in result.stderr
    assert "--device cpu grades without one" in result.stderr
    result = CliRunner().invoke(app, [*arguments, "--device", "tpu"])
    assert "--device tpu: there are auto, cpu, cuda" in result.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_looks_for_cards_that_no_exercise_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "visible", lambda: pytest.fail("looked"))
    assert choose("auto", None, EXERCISES.values()).choice == "cpu"


def whole(manifest: Manifest, missing: str = "") -> tuple[Task, Devices]:
    sources = {key: text for key, text in SOLVED.items() if key != missing}
    answers = Answers(sources=sources, manual={}, repairs=())
    task = Task("key", Submission("ada", "part_a", Path("x")), answers)
    meant = {**manifest.exercises, FORWARD: MEANT[0]}
    return task, Devices("auto", CARDS[:1]) if meant else Devices()


@pytest.fixture
def mixed(manifest: Path) -> Manifest:
    """The small manifest, with one exercise for a GPU."""
    text = manifest.read_text(encoding="utf-8")
    head, tail = text.split('device = "cpu"', 1)
    assert f"[{FORWARD}]" in head
    manifest.write_text(f'{head}device = "cuda"{tail}', encoding="utf-8")
    return load_manifest(manifest)


def test_a_submission_is_split_by_device(mixed: Manifest) -> None:
    task, chosen = whole(mixed)
    cpu, cuda = split(task, mixed, chosen)
    assert (cpu.device, cuda.device) == ("cpu", "cuda")
    assert cuda.only == (FORWARD,)
    assert cpu.only is not None
    assert set(cpu.only) == set(mixed.exercises) - {FORWARD}
    assert (cpu.parts, cuda.parts) == (2, 2)
    assert split(task, mixed, Devices()) == [task]


def test_a_missing_answer_takes_no_gpu(mixed: Manifest) -> None:
    task, chosen = whole(mixed, missing=FORWARD)
    (only,) = split(task, mixed, chosen)
    assert (only.device, only.only, only.parts) == ("cpu", None, 1)


def part_of(task: Task, score: float) -> SubmissionResult:
    exercises = tuple(
        ExerciseResult(key, score, 5.0, "passed", device=task.device) for key in task.only or ()
    )
    total = score * len(exercises)
    return SubmissionResult("ada", "part_a", total, 5.0, "strict", 1.5, exercises)


@pytest.mark.parametrize("first", [0, 1])
def test_parts_are_joined_in_the_manifests_order(mixed: Manifest, first: int) -> None:
    task, chosen = whole(mixed)
    parts = split(task, mixed, chosen)
    joiner = Joiner(mixed)
    assert joiner.add(parts[first], part_of(parts[first], 2.0)) is None
    result = joiner.add(parts[1 - first], part_of(parts[1 - first], 2.0))
    assert isinstance(result, SubmissionResult)
    assert [exercise.id for exercise in result.exercises] == list(mixed.exercises)
    assert result.score == 2.0 * len(mixed.exercises)
    assert (result.max_score, result.seconds) == (10.0, 3.0)
    assert result.exercises[0].device == "cuda"
    assert not joiner.waiting


def test_a_part_that_the_host_failed_at_fails_the_submission(mixed: Manifest) -> None:
    task, chosen = whole(mixed)
    cpu, cuda = split(task, mixed, chosen)
    joiner = Joiner(mixed)
    assert joiner.add(cuda, error := HostError("the GPU is gone")) is None
    assert joiner.add(cpu, part_of(cpu, 1.0)) is error


def test_the_key_tells_devices_apart(mixed: Manifest) -> None:
    task, chosen = whole(mixed)
    keys = {
        content_key(task.answers, "strict", mixed),
        content_key(task.answers, "strict", mixed, Devices()),
        content_key(task.answers, "strict", mixed, chosen),
        content_key(task.answers, "strict", mixed, Devices("cuda", CARDS)),
        content_key(task.answers, "strict", mixed, Devices("cuda", CARDS[1:])),
    }
    assert len(keys) == 3


class FakeMember:
    """A process of the crew that needs no machine; those with a card wait for the others."""

    def __init__(self, nursery: object, place: crew.Place) -> None:
        del nursery
        self.place = place
        self.task: Task | None = None
        self.connection, self.theirs = multiprocessing.Pipe()
        running.append(self)

    def give(self, task: Task) -> None:
        self.task = task
        if self.place.gpu is None:
            done.append(task.key)
            self.theirs.send(part_of(task, 1.0))
        else:
            threading.Thread(target=self._later, args=(task,)).start()

    def _later(self, task: Task) -> None:
        assert cpu_done.wait(60)
        done.append(task.key)
        self.theirs.send(part_of(task, 1.0))

    def result(self) -> Any:
        return self.connection.recv()

    def dismiss(self, at_once: bool) -> None:
        del at_once
        self.connection.close()
        self.theirs.close()


running: list[FakeMember] = []
done: list[str] = []
cpu_done = threading.Event()


@pytest.fixture
def crew_of_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_Member", FakeMember)
    running.clear()
    done.clear()
    cpu_done.clear()


@pytest.mark.usefixtures("crew_of_fakes")
def test_cpu_answers_go_on_while_every_gpu_is_taken(mixed: Manifest) -> None:
    task, _ = whole(mixed)
    tasks = [replace(task, key=f"gpu {n}", device="cuda", only=(FORWARD,)) for n in range(4)]
    tasks += [replace(task, key=f"cpu {n}", only=(TIMESTEPS,)) for n in range(6)]
    seen = []
    for found, _outcome in crew.grade_all(tasks, Nursery("strict"), 1, CARDS):
        seen.append(found.key)
        if len(seen) == 6:
            assert all(key.startswith("cpu") for key in seen)
            cpu_done.set()
    assert sorted(seen) == sorted(task.key for task in tasks)
    assert [member.place.gpu for member in running].count(None) == 1
    assert {member.place.gpu for member in running} == {None, *CARDS}
    assert [key for key in done if key.startswith("cpu")] == [f"cpu {n}" for n in range(6)]


@pytest.mark.usefixtures("no_cards")
def test_the_run_records_what_ran_where_and_how_long(tmp_path: Path, mixed: Manifest) -> None:
    submitted = write_class(tmp_path / "submitted", {"ada": {}, "bob": {}}, mixed.path)
    out = tmp_path / "out"
    options = Options(submitted, out, 1, manifest=mixed.path)
    report = grade_class(options)
    assert any("no GPU" in note for note in report.notes)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (record["graded"], record["reused"], record["failed"]) == (2, 0, 0)
    assert (record["device"], record["gpus"], record["isolation"]) == ("cpu", [], report.level)
    assert set(record["exercises"]) == {FORWARD, TIMESTEPS}
    for times in record["exercises"].values():
        assert (times["runs"], times["devices"], times["limits"]) == (2, {"cpu": 2}, {})
        assert 0 < times["seconds"]["median"] <= times["seconds"]["longest"]
        assert times["seconds"]["longest"] <= times["seconds"]["total"]
    for line in lines_of(out).values():
        assert [e["device"] for e in line["exercises"]] == ["cpu", None, "cpu"]
        assert {e["limit"] for e in line["exercises"]} == {None}
    grade_class(options)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (record["graded"], record["reused"], record["exercises"]) == (0, 2, {})
