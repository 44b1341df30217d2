"""Do the oracles of editing, illusions and training losses see what they are there for?"""

from __future__ import annotations

import pytest
import torch
import torchvision.transforms.functional as TF
from torch import Tensor

from autograder.checking import CheckFailureError
from autograder.oracles.loop_log import posterior_mean
from autograder.oracles.normality import check_standard_normal, nearest_level
from autograder.oracles.training_loss import STANDINS, coefficients, run_loss, whole_times
from autograder.oracles.trajectory import (
    BAR,
    Step,
    check_variance,
    error,
    guided,
    implied_noise,
    steps_of,
)
from autograder.oracles.trajectory_features import implied_scale
from autograder.served import Earlier, FakeStage, gaussian_blur
from autograder.subject import LocalSubject

TIMESTEPS = [900, 600, 250, 40, 0]


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def edited(scale: float) -> tuple[FakeStage, Tensor, Tensor, Tensor]:
    """The log of a guided run by `Earlier`, its result, prompt and empty prompt."""
    stage = FakeStage(3)
    prompt, empty, start = normal(1, 1, 77, 8), normal(2, 1, 77, 8), normal(3, 1, 3, 64, 64)
    result = Earlier(stage).iterative_denoise_cfg(stage, start, 1, prompt, empty, TIMESTEPS, scale)
    return stage, result, prompt, empty


@pytest.mark.parametrize(("kernel", "sigma"), [(33, 2.0), (5, 2.0), (9, 0.7)])
def test_blur_is_torchvisions(kernel: int, sigma: float) -> None:
    """Two programs, one filter."""
    im = normal(4, 2, 3, 40, 48)
    blurred = TF.gaussian_blur(im, [kernel, kernel], [sigma, sigma])
    assert torch.allclose(gaussian_blur(im, kernel, sigma).float(), blurred, atol=1e-5)


def test_steps_of_a_right_loop_have_the_right_mean_and_variance() -> None:
    """The served loop, written apart from the oracle, agrees with it at every step."""
    stage, result, prompt, empty = edited(3.0)
    steps = steps_of(stage, TIMESTEPS, 1, result)
    assert [(s.t, s.prev_t) for s in steps] == [(600, 250), (250, 40), (40, 0)]
    for step in steps:
        noise = guided(stage, step.before, step.t, prompt, empty, 3.0)
        assert error(step.mean, posterior_mean(step.before, noise, step.t, step.prev_t, BAR)) < 1e-5
        assert error(implied_noise(step), noise) < 1e-3
        check_variance(step, stage.predict(step.before, step.t, prompt[0])[1])
    assert implied_scale(stage, TIMESTEPS, result, prompt, empty) == 3.0


def test_a_loop_that_starts_elsewhere_is_no_run_from_there() -> None:
    """Steps are asked for from the wrong position."""
    stage, result, _, _ = edited(3.0)
    with pytest.raises(CheckFailureError, match="first timestep"):
        steps_of(stage, TIMESTEPS, 0, result)


def test_variance_of_unknown_timesteps_is_noticed() -> None:
    """A stage that was never told the timesteps takes the step before t for the next one."""
    stage, result, prompt, _ = edited(3.0)
    step = steps_of(stage, TIMESTEPS, 1, result)[0]
    stage.timesteps_set.clear()
    stage.variance_calls.clear()
    variance = stage.predict(step.before, step.t, prompt[0])[1]
    stage.answer("add_variance", [variance[None], step.t, step.before[None]], {})
    wrong = Step(step.t, step.prev_t, step.calls, stage.variance_calls[0], step.before, step.after)
    with pytest.raises(CheckFailureError, match="set_timesteps"):
        check_variance(wrong, variance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, _: x + 0.1, "mean 0"),
        (lambda x, _: 1.08 * x, "standard deviation"),
        (lambda x, _: 3**0.5 * (2 * torch.special.ndtr(x) - 1), "not normal"),
        (lambda x, y: (x + 0.1 * y) / 1.01**0.5, "depend on the picture"),
    ],
    ids=["shifted", "scaled", "uniform", "mixed-with-the-picture"],
)
def test_noise_that_is_slightly_off_is_noticed(change: object, message: str) -> None:
    """Normal noise passes; each of its four properties is tested."""
    assert callable(change)
    noise, picture = normal(5, 3, 64, 64), normal(6, 3, 64, 64)
    check_standard_normal(noise, "noise", picture)
    with pytest.raises(CheckFailureError, match=message):
        check_standard_normal(change(noise, picture), "noise", picture)


def test_nearest_level_reads_the_level_of_noise() -> None:
    """Levels are told apart by scale and deviation together."""
    clean, noise = normal(7, 3, 64, 64), normal(8, 3, 64, 64)
    levels = {"some": 0.8, "much": 0.3, "nothing": 0.0, "clean": 1.0}
    for name, bar in levels.items():
        assert nearest_level(bar**0.5 * clean + (1 - bar) ** 0.5 * noise, clean, levels) == name


def test_gradient_of_a_loss_reveals_target_and_factors() -> None:
    """The factors of images and noise come back without knowing the noise."""
    source = """
def loss(unet, schedule, x_0, num_ts):
    target = torch.randn_like(x_0)
    x_t = 0.6 * x_0 + 0.7 * target
    return F.mse_loss(unet(x_t, torch.ones(len(x_0))), target)
"""
    student = LocalSubject()
    student.define(source, prelude=STANDINS)
    found = run_loss(student, "loss", 1)
    factors = coefficients(found, found.target())
    assert factors is not None
    assert torch.allclose(factors, torch.tensor([0.6, 0.7]).double().expand_as(factors), atol=1e-4)
    assert coefficients(found, normal(9, *found.x_0.shape).double()) is None


@pytest.mark.parametrize(
    ("given", "way"),
    [
        (torch.tensor([1, 4, 5]) / 5, "t / T"),
        (torch.tensor([1.0, 4.0, 5.0]), "t"),
        (torch.tensor([0.0, 3.0, 4.0]) / 5, "(t - 1) / T"),
        (torch.tensor([0.0, 3.0, 4.0]) / 4, "(t - 1) / (T - 1)"),
    ],
    ids=["fraction", "whole", "from-zero", "other-denominator"],
)
def test_times_are_read_however_they_were_given(given: Tensor, way: str) -> None:
    """So that a wrong time costs the points for the time alone."""
    steps, found = whole_times(given, 3, 5)
    assert found == way
    assert steps.tolist() == [1, 4, 5]


def test_helper_of_the_answer_stands_beside_a_served_function() -> None:
    """Serving gives what a notebook would have defined before, so it replaces nothing."""
    student = LocalSubject()
    student.define(
        "def forward(x):\n    return 'own'\n\n\ndef ask():\n    return forward(1), other(1)"
    )
    student.serve(forward=lambda _: "served", other=lambda _: "served")
    assert tuple(student.call("ask")) == ("own", "served")
