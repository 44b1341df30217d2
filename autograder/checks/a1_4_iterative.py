"""Checks of `iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps)`.

A `FakeStage` serves the UNet and `add_variance`, so each run is known and is judged from its log;
`autograder.oracles.loop_judge` says how exactly. Runs: the 33 steps of the course, late starts, a
coarse stride, and uneven timesteps, where t - 30 is no neighbour. Late starts keep the picture
small, so the weights of the last steps count.
"""

from __future__ import annotations

from autograder.diagnosis import Behaviour
from autograder.oracles.loop_judge import (
    Estimates,
    judge_batch,
    judge_gradients,
    judge_input,
    judge_mean,
    judge_timesteps,
    judge_variance,
)
from autograder.oracles.loop_log import Step
from autograder.oracles.loop_runs import UNEVEN, Case, Run, describe, describe_batch, run_loop
from autograder.subject import Subject

STRIDED = list(range(990, -1, -30))
COARSE = Case(list(range(960, -1, -120)), seed=21)
LATE = Case(STRIDED, i_start=29, seed=22)
MIDDLE = Case(UNEVEN, i_start=2, seed=23)


def noise_of(_: Run, step: Step) -> Estimates:
    """The UNet's estimate at a step."""
    return Estimates([step.calls[0].noise], {"it": step.calls[0].noise})


def test_shape(student: Subject) -> None:
    """Batches with one prompt for all and with one each go through all steps."""
    for number, captions in ((2, 1), (3, 3)):
        case = Case(UNEVEN, i_start=4, seed=24, pictures=number, captions=captions)
        judge_batch(run_loop(student, case))


def test_timesteps(student: Subject) -> None:
    """The loop visits timesteps[i_start] to the last but one and tells the scheduler."""
    for case in (Case(STRIDED, seed=20), COARSE, LATE, MIDDLE):
        judge_timesteps(run_loop(student, case))


def test_mean(student: Subject) -> None:
    """Each step comes to the mean of x_t' given x_t and the estimate of the clean image."""
    for case in (COARSE, LATE, MIDDLE):
        judge_mean(run_loop(student, case), noise_of)


def test_variance(student: Subject) -> None:
    """Each step adds the noise of its t and hands on what comes out."""
    for case in (COARSE, LATE, MIDDLE):
        run = run_loop(student, case)
        judge_variance(run, run.embeds[0])


def test_input_unchanged(student: Subject) -> None:
    """The noisy picture can be used again after the call."""
    judge_input(run_loop(student, MIDDLE))


def test_no_gradient(student: Subject) -> None:
    """The UNet is called without gradients."""
    judge_gradients(run_loop(student, LATE))


def probe(student: Subject) -> Behaviour:
    """What each step of a short run did, and whether a batch is taken."""
    batch = Case(UNEVEN, i_start=5, seed=26, pictures=2)
    return describe(student, Case(UNEVEN, i_start=3, seed=25)) | describe_batch(student, batch)
