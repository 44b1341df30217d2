"""Checks of `visual_anagrams`.

`cfg_noise` and other earlier exercises are served; the four passes of a step may come one by one
or in batches, and either way the picture that the UNet sees upright, the one that it sees flipped
and the step are judged. Upside down means mirrored top to bottom (`dims=[2]`), as the exercise
says; a rotation by 180 degrees is a known mistake. The starting picture is given, so everything
but the noise of `add_variance`, which is served, is fixed: steps are compared with their closed
form within 3e-3 of the largest value, and nothing here is random. The nearest known mistake is
off by more than 0.05.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.trajectory import (
    Step,
    call_for,
    check_mean,
    check_no_gradient,
    check_variance,
    check_visits,
    equal,
    guided,
    steps_of,
)
from autograder.oracles.trajectory_features import noise_at_first, outline
from autograder.served import Earlier, FakeStage, UNetCall
from autograder.subject import Subject

TIMESTEPS = [960, 870, 690, 570, 330, 150, 30, 0]
I_START = 2
SCALE = 3.0
WHAT = "visual_anagrams(...)"
GENERATOR = torch.Generator().manual_seed(81)
UP, DOWN, EMPTY = torch.randn(3, 1, 77, 8, generator=GENERATOR)
IMAGE = torch.randn(1, 3, 64, 64, generator=GENERATOR)


def flip(picture: Tensor) -> Tensor:
    """A picture, (..., H, W), mirrored top to bottom."""
    return picture.flip(-2)


def run(student: Subject, seed: int, i_start: int = I_START) -> tuple[FakeStage, Tensor]:
    """The log of a run on one picture, and its result."""
    stage = FakeStage(100 + seed)
    student.serve(**Earlier(stage, seed).functions())
    arguments = [stage, IMAGE, i_start, (UP, DOWN), EMPTY, TIMESTEPS, SCALE]
    out = student.call("visual_anagrams", *arguments, seed=seed)
    return stage, as_tensor(out, tuple(IMAGE.shape), WHAT)


def upright(calls: Sequence[UNetCall]) -> Tensor:
    """x_t of a step: what the first prompt is asked with."""
    return (call_for(calls, UP) or calls[0]).x


def steps(student: Subject, seed: int) -> tuple[FakeStage, list[Step]]:
    """The log of a run, and its steps."""
    stage, result = run(student, seed)
    return stage, steps_of(stage, TIMESTEPS, I_START, result, upright)


def test_shape(student: Subject) -> None:
    """One picture and two keep their shape, the input stays, no step is missing or too much."""
    stage = FakeStage(1)
    student.serve(**Earlier(stage).functions())
    two = IMAGE.repeat(2, 1, 1, 1)
    prompts = (UP.repeat(2, 1, 1), DOWN.repeat(2, 1, 1))
    arguments = [stage, two, 5, prompts, EMPTY.repeat(2, 1, 1), TIMESTEPS, SCALE]
    out, after = student.call_echo("visual_anagrams", *arguments, seed=1)
    as_tensor(out, tuple(two.shape), WHAT)
    expect(close(after[1], two), "The given picture is changed: work on a copy.")
    for i_start in (0, 4):
        stage, _ = run(student, 2, i_start)
        check_visits(stage, TIMESTEPS, i_start)
    check_no_gradient(stage)


def test_flips(student: Subject) -> None:
    """In each step the UNet sees the picture upright and mirrored top to bottom."""
    stage, _ = run(student, 3)
    check_visits(stage, TIMESTEPS, I_START)
    for t in TIMESTEPS[I_START:-1]:
        seen = [call.x for call in stage.calls if call.t == t]
        pairs = [(a, b) for a in seen for b in seen]
        if any(equal(flip(a), b) for a, b in pairs):
            continue
        turned = any(equal(a.flip(-1), b) or equal(flip(a).flip(-1), b) for a, b in pairs)
        expect(
            not turned,
            "Upside down means mirrored top to bottom, torch.flip(x, dims=[2]); yours is mirrored "
            "left to right or rotated.",
        )
        expect(False, f"At t = {t} the UNet must see the picture twice, upright and flipped.")
    first = [call.x for call in stage.calls if call.t == TIMESTEPS[I_START]]
    expect(any(equal(x, IMAGE[0]) for x in first), "The loop must start from the given picture.")


def test_prompts(student: Subject) -> None:
    """The first prompt goes with the upright picture, the second with the flipped one."""
    stage, _ = run(student, 4)
    check_visits(stage, TIMESTEPS, I_START)
    first = [call for call in stage.calls if call.t == TIMESTEPS[I_START]]
    swapped = call_for(first, DOWN, IMAGE[0]) and not call_for(first, UP, IMAGE[0])
    expect(not swapped, "The first prompt is for the upright picture, the second for the other.")
    for t in TIMESTEPS[I_START:-1]:
        calls = [call for call in stage.calls if call.t == t]
        one, two = call_for(calls, UP), call_for(calls, DOWN)
        expect(one is not None and two is not None, "Each step needs both prompts, once each.")
        if one is None or two is None:
            return
        expect(not equal(one.x, two.x), "The second prompt must be asked with the flipped picture.")
        for call in (one, two):
            expect(
                call_for(calls, EMPTY, call.x) is not None,
                "Both estimates are guided: ask the UNet with the empty prompt for each of them.",
            )


def test_average(student: Subject) -> None:
    """A step's noise is the mean of the guided estimates, the second one flipped back."""
    stage, found = steps(student, 5)
    for step in found:
        x, t = step.before, step.t
        first = guided(stage, x, t, UP, EMPTY, SCALE)
        second = guided(stage, flip(x), t, DOWN, EMPTY, SCALE)
        message = (
            "the noise is not the mean of the two guided estimates. Flip the second one back, "
            "and use the step of A 1.6."
        )
        check_mean(step, (first + flip(second)) / 2, None, message)
        check_variance(step, stage.predict(x, t, UP[0])[1])


def probe(student: Subject) -> Behaviour:
    """Outline of the run, and some pixels of the noise that its first step was made with."""
    stage = FakeStage(8)
    student.serve(**Earlier(stage, 8).functions())
    arguments = [stage, IMAGE, I_START, (UP, DOWN), EMPTY, TIMESTEPS, SCALE]
    out = attempt(student.call, "visual_anagrams", *arguments, seed=8)
    if not isinstance(out, Tensor) or out.shape != IMAGE.shape or not stage.calls:
        return {"result": out if isinstance(out, str) else "not a picture"}
    found = outline(stage)
    found["noise"] = noise_at_first(stage, TIMESTEPS, IMAGE, out, upright)
    found["variance channels"] = (
        stage.variance_calls[0].predicted_variance.flatten()[::1500] if stage.variance_calls else ""
    )
    return found
