"""Checks of `make_hybrids`.

`cfg_noise`, `classical_denoise` and other earlier exercises are served. The two halves of the
noise are told apart by UNets that estimate no noise at all for any caption but one, so what is
left of a step's noise is one half alone. The blur to compare with is our own, in float64. The
starting picture is given and the noise of `add_variance` is served, so nothing here is random;
steps are compared with their closed form within 3e-3 of the largest value, and the nearest known
mistake is off by more than 0.02.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    first_picture,
    guided,
    steps_of,
)
from autograder.oracles.trajectory_features import noise_at_first, outline
from autograder.served import Earlier, FakeStage, gaussian_blur
from autograder.subject import Subject

TIMESTEPS = [960, 870, 690, 570, 330, 150, 30, 0]
I_START = 2
SCALE = 3.0
WHAT = "make_hybrids(...)"
GENERATOR = torch.Generator().manual_seed(91)
FAR, NEAR, EMPTY = torch.randn(3, 1, 77, 8, generator=GENERATOR)
IMAGE = torch.randn(1, 3, 64, 64, generator=GENERATOR)


@dataclass
class OneVoice(FakeStage):
    """A stage whose UNet sees noise for one caption only."""

    caption: Tensor | None = None

    def predict(self, x: Tensor, t: int, embeds: Tensor) -> tuple[Tensor, Tensor]:
        """The usual answer to the caption, no noise for any other."""
        noise, variance = super().predict(x, t, embeds)
        if self.caption is None or equal(embeds, self.caption[0]):
            return noise, variance
        return torch.zeros_like(noise), variance


def low_pass(noise: Tensor) -> Tensor:
    """Low frequencies of noise, (3, 64, 64); float64."""
    return gaussian_blur(noise[None], 33, 2.0)[0]


def run(student: Subject, stage: FakeStage, i_start: int = I_START) -> Tensor:
    """The result of a run on one picture."""
    student.serve(**Earlier(stage, stage.seed).functions())
    arguments = [stage, IMAGE, i_start, (FAR, NEAR), EMPTY, TIMESTEPS, SCALE]
    out = student.call("make_hybrids", *arguments, seed=stage.seed)
    return as_tensor(out, tuple(IMAGE.shape), WHAT)


def one_voice(student: Subject, seed: int, caption: Tensor) -> tuple[FakeStage, list[Step]]:
    """The log of a run in which only one caption has a say, and its steps."""
    stage = OneVoice(seed, caption=caption)
    result = run(student, stage)
    steps = steps_of(stage, TIMESTEPS, I_START, result)
    expect(equal(steps[0].before, IMAGE[0]), "The loop must start from the given picture.")
    return stage, steps


def test_shape(student: Subject) -> None:
    """One picture and two keep their shape, the input stays, no step is missing or too much."""
    stage = FakeStage(1)
    student.serve(**Earlier(stage).functions())
    far, near, empty, two = (x.repeat(2, *[1] * (x.dim() - 1)) for x in (FAR, NEAR, EMPTY, IMAGE))
    arguments = [stage, two, 5, (far, near), empty, TIMESTEPS, SCALE]
    out, after = student.call_echo("make_hybrids", *arguments, seed=1)
    as_tensor(out, tuple(two.shape), WHAT)
    expect(close(after[1], two), "The given picture is changed: work on a copy.")
    for i_start in (0, 4):
        stage = FakeStage(2)
        run(student, stage, i_start)
        check_visits(stage, TIMESTEPS, i_start)
    check_no_gradient(stage)


def test_low_pass(student: Subject) -> None:
    """The first prompt gives the low frequencies of the noise, as guided."""
    stage, steps = one_voice(student, 3, FAR)
    for step in steps:
        noise = low_pass(guided(stage, step.before, step.t, FAR, EMPTY, SCALE))
        message = (
            "the first prompt's part of the noise is wrong. It is the guided estimate, blurred by "
            "TF.gaussian_blur with kernel 33 and sigma 2."
        )
        check_mean(step, noise, None, message)


def test_high_pass(student: Subject) -> None:
    """The second prompt gives the high frequencies of the noise, as guided."""
    stage, steps = one_voice(student, 4, NEAR)
    for step in steps:
        noise = guided(stage, step.before, step.t, NEAR, EMPTY, SCALE)
        message = (
            "the second prompt's part of the noise is wrong. It is the guided estimate less its "
            "own blurred version (kernel 33, sigma 2)."
        )
        check_mean(step, noise - low_pass(noise), None, message)


def test_prompts(student: Subject) -> None:
    """Both prompts and the empty one are asked on the same picture; the variance is the first's."""
    stage = FakeStage(5)
    result = run(student, stage)
    for step in steps_of(stage, TIMESTEPS, I_START, result):
        expect(
            all(call_for(step.calls, c, step.before) for c in (FAR, NEAR, EMPTY)),
            f"At t = {step.t} the UNet must be asked with both prompts and with the empty one, all "
            "of them on the same picture.",
        )
        check_variance(step, stage.predict(step.before, step.t, FAR[0])[1])


def probe(student: Subject) -> Behaviour:
    """Outline of the run, and some pixels of the noise that its first step was made with."""
    stage = FakeStage(8)
    student.serve(**Earlier(stage, 8).functions())
    arguments = [stage, IMAGE, I_START, (FAR, NEAR), EMPTY, TIMESTEPS, SCALE]
    out = attempt(student.call, "make_hybrids", *arguments, seed=8)
    if not isinstance(out, Tensor) or out.shape != IMAGE.shape or not stage.calls:
        return {"result": out if isinstance(out, str) else "not a picture"}
    found = outline(stage)
    found["noise"] = noise_at_first(stage, TIMESTEPS, IMAGE, out, first_picture)
    if stage.variance_calls:
        channels = stage.variance_calls[0].predicted_variance
        found["variance channels"] = channels.flatten()[::1501]
    return found
