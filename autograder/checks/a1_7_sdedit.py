"""Checks of `sdedit`.

`forward`, `cfg_noise` and the loops of A 1.4 and A 1.6 are served, and so are the UNet and
`add_variance`; the log shows the same for answers that call them and for loops by hand. Inputs:
random pictures, uneven timesteps and a scale that is not the default. The first picture that the
UNet sees must be the given one at the level of timesteps[i_start]: its residual of 12288 values
is tested at six standard errors, in all 8 tests of 2e-9. Steps are compared with their closed
form within 3e-3 of the largest value; the nearest known mistake is off by more than 0.1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.normality import check_standard_normal, nearest_level
from autograder.oracles.trajectory import (
    BAR,
    call_for,
    check_mean,
    check_no_gradient,
    check_variance,
    guided,
    steps_of,
)
from autograder.oracles.trajectory_features import captions_of, implied_scale, outline
from autograder.served import Earlier, FakeStage
from autograder.subject import Subject

TIMESTEPS = [960, 870, 690, 570, 330, 150, 30, 0]
SCALE = 3.0
WHAT = "sdedit(...)"
UNASKED = "The UNet is never asked: noise the picture, then denoise it."
GENERATOR = torch.Generator().manual_seed(71)
PROMPT, EMPTY = torch.randn(2, 1, 77, 8, generator=GENERATOR)
IMAGE = torch.rand(1, 3, 64, 64, generator=GENERATOR) * 2 - 1


def run(student: Subject, i_start: int, seed: int, im: Tensor = IMAGE) -> tuple[FakeStage, Tensor]:
    """The log of an edit, and its result."""
    stage = FakeStage(100 + seed)
    student.serve(**Earlier(stage, seed).functions())
    count = len(im)
    prompt, empty = (e.expand(count, -1, -1).contiguous() for e in (PROMPT, EMPTY))
    out = student.call("sdedit", stage, im, i_start, prompt, empty, TIMESTEPS, SCALE, seed=seed)
    return stage, as_tensor(out, tuple(im.shape), WHAT)


def first_input(student: Subject, i_start: int, seed: int) -> Tensor:
    """The first picture that the UNet sees, (3, 64, 64)."""
    stage, _ = run(student, i_start, seed)
    expect(len(stage.calls) > 0, UNASKED)
    return stage.calls[0].x


def test_shape(student: Subject) -> None:
    """One picture and a batch keep their shape; the input is left as it was."""
    run(student, 4, 1, IMAGE.repeat(2, 1, 1, 1))
    stage = FakeStage(2)
    student.serve(**Earlier(stage).functions())
    arguments = [stage, IMAGE, 5, PROMPT, EMPTY, TIMESTEPS, SCALE]
    out, after = student.call_echo("sdedit", *arguments, seed=2)
    as_tensor(out, tuple(IMAGE.shape), WHAT)
    expect(len(stage.calls) > 0, UNASKED)
    expect(close(after[1], IMAGE), "sdedit changes the picture that it was given: work on a copy.")


def test_noise_level(student: Subject) -> None:
    """The loop starts from the picture at the noise level of timesteps[i_start], drawn anew."""
    for i_start in (1, 5):
        bar = BAR[TIMESTEPS[i_start]]
        noise = (first_input(student, i_start, 3).double() - bar.sqrt() * IMAGE[0]) / (
            1 - bar
        ).sqrt()
        what = f"At i_start = {i_start} the noise in forward(im, timesteps[i_start])"
        check_standard_normal(noise, what, independent_of=IMAGE[0])
    a, b = (first_input(student, 1, seed) for seed in (4, 5))
    expect(not close(a, b), "Two edits start from the same noise: draw it anew each time.")


def test_guided_loop(student: Subject) -> None:
    """From there on it is the guided loop, with its scale and captions, to timestep 0."""
    for i_start in (1, 4):
        stage, result = run(student, i_start, 6)
        for step in steps_of(stage, TIMESTEPS, i_start, result):
            cond = call_for(step.calls, PROMPT)
            if cond is None:
                expect(False, "The UNet must be asked with the prompt in every step.")
                return
            both = call_for(step.calls, EMPTY) is not None
            expect(both, "The UNet must be asked with the empty prompt in every step, too.")
            noise = guided(stage, step.before, step.t, PROMPT, EMPTY, SCALE)
            check_mean(
                step,
                noise,
                None,
                "the picture is not that of the guided loop of A 1.6. Look at the guidance scale, "
                "at the order of the arguments and at what is returned.",
            )
            check_variance(step, cond.variance)
        check_no_gradient(stage)


def probe(student: Subject) -> Behaviour:
    """Level of the first picture, outline of the run, guidance scale of its first step."""
    found: Behaviour = {}
    for i_start in (1, 4):
        found |= {f"{k} {i_start}": v for k, v in edit(student, i_start).items()}
    return found


def edit(student: Subject, i_start: int) -> Behaviour:
    """What one edit shows."""
    stage = FakeStage(8)
    student.serve(**Earlier(stage, 8).functions())
    arguments = [stage, IMAGE, i_start, PROMPT, EMPTY, TIMESTEPS, SCALE]
    after: list[Any] = []

    def call() -> Any:
        out, echo = student.call_echo("sdedit", *arguments, seed=8)
        after.extend(echo)
        return out

    out = attempt(call)
    if not isinstance(out, Tensor) or out.shape != IMAGE.shape or not stage.calls:
        return {"result": out if isinstance(out, str) else "not a picture"}
    levels = {"clean": 1.0, "noise": 0.0, "index": float(BAR[i_start])}
    levels |= {f"position {i - i_start}": float(BAR[t]) for i, t in enumerate(TIMESTEPS)}
    found = outline(stage)
    found["captions"] = captions_of(stage, {"p": PROMPT, "e": EMPTY})
    found["changed"] = float(not close(after[1], IMAGE))
    found["level"] = nearest_level(stage.calls[0].x, IMAGE[0], levels)
    found["scale"] = implied_scale(stage, TIMESTEPS, out, PROMPT, EMPTY)
    return found
