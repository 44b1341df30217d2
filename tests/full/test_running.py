"""Trainings of a few steps, over the wire: what they say, and of whom."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch

from autograder.findings import Finding
from autograder.full.digits import digits_of, fresh_secret
from autograder.full.inside import GRADER_STATE, GraderLoader, GraderSegment
from autograder.full.pieces import RUNS, inside, text_of
from autograder.full.presets import KINDS, PRESETS, Bounds, Kind, Preset
from autograder.full.running import Bench, findings
from autograder.subject import LocalSubject
from course.manifest import load_manifest
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

Answers = Mapping[str, str | None]


def run(kind: Kind, preset: Preset, answers: Answers, sound: frozenset[str]) -> list[Finding]:
    """One training in this process."""
    secret = fresh_secret()
    digits = digits_of(preset, secret)
    bench = Bench(LocalSubject(), RUNS[kind], preset, digits, secret, seed=5)
    return findings(bench, text_of(RUNS[kind], answers, sound))


@pytest.mark.parametrize("kind", KINDS)
def test_solutions_train_and_sample(kind: Kind, preset: Preset, answers: Answers) -> None:
    found = run(kind, preset, answers, frozenset(answers))
    sampler = RUNS[kind].sampler
    wanted = [(RUNS[kind].exercise, RUNS[kind].check), *([sampler] if sampler else [])]
    assert [(f.exercise, f.check) for f in found] == wanted
    assert {f.status for f in found} == {"passed"}, found
    assert kind in found[0].values
    assert not found[0].standins


@pytest.mark.parametrize("kind", KINDS)
def test_stand_ins_take_the_place_of_broken_answers(
    kind: Kind, preset: Preset, answers: Answers
) -> None:
    broken = dict.fromkeys(answers, "raise ValueError")
    own = RUNS[kind].exercise
    found = run(kind, preset, {**broken, own: answers[own]}, frozenset({own}))
    assert found[0].status == "passed", found
    assert set(found[0].standins) == {group[-1] for group in RUNS[kind].needs}


@pytest.mark.parametrize("kind", KINDS)
def test_stand_ins_are_of_the_size_that_the_assignment_gives(kind: Kind, answers: Answers) -> None:
    makers: dict[Kind, Callable[[], torch.nn.Module]] = {
        "denoiser": lambda: UnconditionalUNet(1, 4),
        "time": lambda: TimeConditionalUNet(1, 10, 4),
        "class": lambda: ClassConditionalUNet(1, 10, 4),
    }
    student = LocalSubject()
    text = text_of(RUNS[kind], answers, ())
    student.define(text.source, prelude=text.prelude)
    images = torch.zeros(1, 28, 28, dtype=torch.uint8)
    student.call("grader_receive", images, torch.zeros(1, dtype=torch.int64))
    state = student.call("grader_build", kind, 4, 1)
    sizes = [
        tuple(sorted(v.shape for v in s.values())) for s in (state, makers[kind]().state_dict())
    ]
    assert sizes[0] == sizes[1]


def test_what_is_not_reached_is_told(preset: Preset, answers: Answers) -> None:
    strict = replace(preset, bounds=Bounds({"class": 0.01, "no class": 0.01}, 0.9, 0.9))
    found = run("class", strict, answers, frozenset(answers))
    assert [f.status for f in found] == ["failed", "skipped"]
    assert "mean squared error on the noise of test digits with their classes is" in (
        found[0].message
    )
    assert "mask 0" in found[0].message
    assert "digit asked for" in found[0].message
    assert found[0].values["class"] > 0.01


def test_a_sampler_is_judged_by_its_own_pictures(preset: Preset, answers: Answers) -> None:
    source = str(answers["b2_5_sample"])
    small = "def ddpm_sample_class(*args, **kwargs):\n    return torch.zeros(3, 1, 28, 28)\n"
    found = run("class", preset, {**answers, "b2_5_sample": small}, frozenset(answers))
    assert source != small
    assert [f.status for f in found] == ["passed", "failed"]
    assert "must have shape (10, 1, 28, 28)" in found[1].message


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("def train_denoiser(*a):\n    raise KeyError('x')\n", "error", "raised KeyError"),
        ("def train_denoiser(*a):\n    raise NotImplementedError\n", "error", "not written"),
        ("def train_denoiser(:\n", "error", "not valid Python"),
        ("def grader_outputs(*a):\n    return a[0]\n", "error", "disturbed"),
    ],
)
def test_failures_of_the_code_are_told(
    answer: str, status: str, told: str, preset: Preset, answers: Answers
) -> None:
    found = run("denoiser", preset, {**answers, "b1_2_train": answer}, frozenset(answers))
    assert [f.status for f in found] == [status]
    assert told in found[0].message


def test_an_epoch_has_every_whole_batch_once() -> None:
    images = torch.arange(70, dtype=torch.uint8)[:, None, None].expand(-1, 28, 28)
    loader = GraderLoader(images, torch.arange(70), 32, 3)
    epochs = [[int(c) for _, batch in enumerate(loader) for c in batch[1]] for _ in range(2)]
    assert len(loader) == 2
    assert all(len(set(epoch)) == 64 for epoch in epochs)
    assert epochs[0] != epochs[1]
    x, c = next(iter(loader))
    assert x.shape == (32, 1, 28, 28)
    assert torch.allclose(x[:, 0, 0, 0] * 255, c.float())


def test_a_segment_is_long_in_its_own_epoch_only(monkeypatch: pytest.MonkeyPatch) -> None:
    network = torch.nn.Linear(1, 1)
    monkeypatch.setitem(GRADER_STATE, "unet", network)
    images, labels = torch.zeros(96, 28, 28, dtype=torch.uint8), torch.zeros(96, dtype=torch.int64)
    segment = {"epoch": 1, "before": {}, "m": {}, "v": {}}
    loader = GraderSegment(images, labels, 32, 3, segment)
    assert [sum(1 for _ in loader) for _ in range(3)] == [1, 3, 1]
    assert set(loader.after) == {"weight", "bias"}


def test_the_text_for_the_worker_needs_nothing_of_the_grader() -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(inside()))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert {name.partition(".")[0] for name in imported} == {
        "__future__",
        "collections",
        "typing",
        "torch",
    }


def test_presets_name_what_the_manifest_has() -> None:
    exercises = load_manifest().exercises
    for run_ in RUNS.values():
        for exercise, check in [
            (run_.exercise, run_.check),
            *([run_.sampler] if run_.sampler else []),
        ]:
            assert check in exercises[exercise].checks
    assert all(preset.name == name for name, preset in PRESETS.items())
