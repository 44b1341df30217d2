"""Checks of `cfg_noise` and of the guided loop `iterative_denoise_cfg`.

The combination is linear, so it is compared in float64 within 1e-5 of its size at several scales.
The loop is judged from the log of a `FakeStage`, as in A 1.4; its means may use the right guided
noise or what the answer's own `cfg_noise` gives, so that one mistake is not counted twice.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checking import as_tensor, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.loop_judge import (
    Estimates,
    judge_batch,
    judge_gradients,
    judge_input,
    judge_mean,
    judge_timesteps,
    judge_variance,
    near,
)
from autograder.oracles.loop_log import Step, fit, read_steps, same, shown
from autograder.oracles.loop_runs import UNEVEN, Case, Run, describe, describe_batch, run_loop
from autograder.subject import StudentError, Subject

STRIDED = list(range(990, -1, -30))
LATE = Case(STRIDED, i_start=27, seed=31, guided=True)
MIDDLE = Case(UNEVEN, i_start=1, seed=32, guided=True, scale=3.5)
SCALES = (0.0, 1.0, 2.5, 7.0)
DEFAULT_SCALE = 7.0


def guided(uncond: Tensor, cond: Tensor, scale: float) -> Tensor:
    """Ho and Salimans 2022, equation 6, with the weight w = scale - 1; float64."""
    mixed: Tensor = scale * cond.double() - (scale - 1) * uncond.double()
    return mixed


def two_noises(seed: int) -> tuple[Tensor, Tensor]:
    """Two estimates, (2, 3, 64, 64) each."""
    generator = torch.Generator().manual_seed(seed)
    uncond, cond = torch.randn(2, 2, 3, 64, 64, generator=generator)
    return uncond, cond


def noise_of(student: Subject) -> Callable[[Run, Step], Estimates]:
    """The guided noise of a step, right and by the answer's own `cfg_noise`."""

    def found(run: Run, step: Step) -> Estimates:
        cond, uncond = step.with_caption(run.embeds[0]), step.with_caption(run.uncond[0])
        if cond is None or uncond is None:
            return Estimates([step.calls[0].noise], {"it": step.calls[0].noise})
        scale = DEFAULT_SCALE if run.case.scale is None else run.case.scale
        right = guided(uncond.noise, cond.noise, scale)
        parts = {"noise_uncond": uncond.noise, "noise_cond": cond.noise}
        try:
            own = student.call("cfg_noise", uncond.noise[None], cond.noise[None], scale)
        except StudentError:
            return Estimates([right], parts)
        usable = isinstance(own, Tensor) and own.shape == (1, *right.shape)
        usable = usable and bool(torch.isfinite(own).all())
        return Estimates([right, own[0]] if usable else [right], parts)

    return found


def test_combination(student: Subject) -> None:
    """Scale 0 is unconditional, 1 is conditional, others go on along the line."""
    for seed, scale in enumerate(SCALES):
        uncond, cond = two_noises(seed)
        out, after = student.call_echo("cfg_noise", uncond, cond, scale)
        plain = as_tensor(out, tuple(cond.shape), "cfg_noise(...)")
        if not near(plain, guided(uncond, cond, scale), 1e-5):
            weights, rest = fit(plain, uncond, cond)
            rule = f"At scale {scale:g} the result must be {1 - scale:g} times noise_uncond plus "
            rule += f"{scale:g} times noise_cond"
            yours = f"yours is {shown(weights[0])} and {shown(weights[1])} times them"
            expect(False, f"{rule}; {yours if rest < 1e-3 else 'yours is no such sum'}.")
        kept = same(after[0], uncond) and same(after[1], cond)
        expect(kept, "cfg_noise changes the estimates that it was given.")


def test_both_prompts(student: Subject) -> None:
    """Each step asks the UNet with both prompts at one timestep; batches keep their captions."""
    for case in (LATE, MIDDLE):
        run = run_loop(student, case)
        for step in read_steps(run.stage):
            where = f"At t = {step.calls[0].t} the UNet must see the picture with"
            prompt, empty = step.with_caption(run.embeds[0]), step.with_caption(run.uncond[0])
            expect(prompt is not None, f"{where} prompt_embeds.")
            expect(empty is not None, f"{where} uncond_prompt_embeds, too.")
        judge_timesteps(run)
        judge_input(run)
    judge_batch(run_loop(student, Case(UNEVEN, i_start=5, seed=33, pictures=2, guided=True)))


def test_mean(student: Subject) -> None:
    """Each step comes to the mean for the guided noise; the scale is 7 unless given."""
    at_ends = [Case(UNEVEN, 4, seed=34 + int(s), guided=True, scale=s) for s in (0.0, 1.0)]
    for case in (LATE, MIDDLE, *at_ends):
        judge_mean(run_loop(student, case), noise_of(student))


def test_variance(student: Subject) -> None:
    """Each step adds noise with the variance of the conditional pass."""
    for case in (LATE, MIDDLE):
        run = run_loop(student, case)
        judge_variance(run, run.embeds[0])


def test_no_gradient(student: Subject) -> None:
    """The UNet is called without gradients."""
    judge_gradients(run_loop(student, LATE))


def probe(student: Subject) -> Behaviour:
    """The combination's weights, and what each step of two short runs did."""
    uncond, cond = two_noises(40)
    found: Behaviour = {}
    for scale in (0.0, 1.0, 3.0):
        out = attempt(student.call, "cfg_noise", uncond, cond, scale)
        if isinstance(out, Tensor) and out.shape == uncond.shape and out.isfinite().all():
            weights, rest = fit(out, uncond, cond)
            found[f"weights at {scale}"] = torch.tensor([*weights, rest])
        else:
            found[f"weights at {scale}"] = out if isinstance(out, str) else "another shape"
    batch = Case(UNEVEN, i_start=5, seed=43, pictures=2, guided=True)
    default = describe(student, Case(UNEVEN, i_start=4, seed=41, guided=True))
    given = describe(student, Case(UNEVEN, i_start=4, seed=42, guided=True, scale=2.0))
    found |= default | {f"{key}, scale given": value for key, value in given.items()}
    return found | describe_batch(student, batch)
