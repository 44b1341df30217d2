"""Judges a denoising loop step by step, whatever its style; the first wrong step is reported.

Nothing here is statistical: the stage's answers and the noise of `add_variance` are in the log,
so every mean is known. It may differ by `TOLERANCE` of the picture's size, ten times the rounding
of float32 (worst near t = 0, where 1 - alpha_bar is small); the smallest known mistake is at 1e-3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from autograder.checking import expect

from .loop_log import (
    Step,
    fit,
    means_of,
    posterior_mean,
    read_chains,
    read_steps,
    same,
    shown,
    split_pictures,
)
from .loop_runs import Run, knows_timesteps

TOLERANCE = 2e-4


def near(a: Tensor, b: Tensor, tolerance: float = TOLERANCE) -> bool:
    """Whether two pictures agree to a share of their size, or of 1 where they are smaller."""
    scale = max(1.0, float(b.double().square().mean().sqrt()))
    return float((a.double() - b.double()).abs().max()) <= tolerance * scale


def judge_timesteps(run: Run) -> None:
    """The loop of one picture visits the right timesteps and tells them to the scheduler."""
    steps, pairs = read_steps(run.stage), run.pairs
    stuck = len(steps) == 1 and len(pairs) > 1 and len(run.stage.calls) > 1
    expect(not stuck, "The UNet gets the same picture at each step: hand on the step's result.")
    first = f"At the first step the UNet must be told t = timesteps[i_start] = {pairs[0][0]}"
    expect(steps[0].calls[0].t == pairs[0][0], f"{first}, yours is told {steps[0].calls[0].t}.")
    expect(
        same(steps[0].x, run.start[0]),
        "The first picture that the UNet sees must be im_noisy, unchanged.",
    )
    for number, (step, (t, _)) in enumerate(zip(steps, pairs, strict=False), 1):
        told = sorted({call.t for call in step.calls})
        message = f"At step {number} of the loop the UNet must be told t = {t}, yours is told"
        expect(told == [t], f"{message} {', '.join(map(str, told))}.")
    count = f"From t = {pairs[0][0]} down to 0 there are {len(pairs)} steps, yours takes"
    expect(
        len(steps) == len(pairs),
        f"{count} {len(steps)}: a step goes from one timestep to the next, and none starts at 0.",
    )
    judge_scheduler(run)


def judge_scheduler(run: Run) -> None:
    """`set_timesteps` was called in time, so that `add_variance` knows the next timestep."""
    told = "Call stage_1.scheduler.set_timesteps(timesteps=timesteps) before the loop"
    expect(bool(run.stage.timesteps_set), f"{told}: add_variance looks the next timestep up there.")
    expect(knows_timesteps(run), f"{told}; yours come too late, or are others.")


@dataclass(frozen=True)
class Estimates:
    """The noise of a step.

    Attributes:
        right: Estimates of which the step's mean has to use one, (3, 64, 64) each.
        parts: The UNet's estimates by their names, for messages.
    """

    right: Sequence[Tensor]
    parts: Mapping[str, Tensor]


def judge_mean(run: Run, noise_of: Callable[[Run, Step], Estimates]) -> None:
    """Each step's mean is that of x_t' given x_t and the estimate of the clean image."""
    steps = read_steps(run.stage)
    means = means_of(steps, run.result[0])
    # A last step that is missing is judged by other checks.
    expect(len(means) >= len(run.pairs) - 1, f"Only {len(means)} of {len(run.pairs)} steps run.")
    for step, mean, (t, t_next) in zip(steps, means, run.pairs, strict=False):
        estimates, bars = noise_of(run, step), run.stage.alphas_cumprod
        right = [posterior_mean(step.x, noise, t, t_next, bars) for noise in estimates.right]
        if not any(near(mean, value) for value in right):
            expect(False, _told(step, mean, estimates, t, t_next, bars))


def judge_variance(run: Run, caption: Tensor) -> None:
    """Each step goes through `add_variance` with its own t and variance, and is handed on.

    Args:
        run: A run on one picture.
        caption: Embedding of the pass whose variance counts, (77, 8).
    """
    noisings, steps = split_pictures(run.stage.variance_calls), read_steps(run.stage)
    expect(
        bool(noisings),
        "Each step must end with add_variance(stage_1, predicted_variance, t, image).",
    )
    for step, (t, t_next) in zip(steps, run.pairs, strict=False):
        where = f"At the step from t = {t} to {t_next}"
        noising = step.noising
        if noising is None:
            expect(False, f"{where} add_variance is not called: the last step adds noise, too.")
            continue
        hint = "; it takes the timestep that the step starts from" if noising.t == t_next else ""
        expect(noising.t == t, f"{where} add_variance is given t = {noising.t}{hint}.")
        expect(*_right_variance(step, noising.predicted_variance, caption, where))
    expect(len(noisings) == len(steps), "add_variance must be called once in each step.")
    for step, after in zip(steps, [*(s.x for s in steps[1:]), run.result[0]], strict=True):
        handed_on = step.noising is not None and near(after, step.noising.out)
        message = f"What add_variance gives at t = {step.calls[0].t} must go on as it is"
        halves = " (not cast to float16)" if same(after, after.half().float()) else ""
        expect(handed_on, f"{message}{halves}, to the next step or as the result.")


def judge_gradients(run: Run) -> None:
    """The UNet is called without recording gradients."""
    recorded = any(call.grad for call in run.stage.calls)
    expect(not recorded, "Call the UNet under torch.no_grad(): gradients fill the memory.")


def judge_input(run: Run) -> None:
    """The noisy picture is left as it was."""
    kept = isinstance(run.after, Tensor) and same(run.after, run.start)
    expect(
        kept, "im_noisy is changed: write image = ... rather than image += ... or image[:] = ..."
    )


def judge_batch(run: Run) -> None:
    """Pictures of a batch go through all steps, each with its own caption."""
    chains = read_chains(run.stage)
    for number, (start, result) in enumerate(zip(run.start, run.result, strict=True)):
        where = f"Picture {number + 1} of a batch of {len(run.start)}"
        chain = next((chain for chain in chains if same(chain[0].x, start)), None)
        if chain is None:
            expect(False, f"{where} never comes to the UNet.")
            continue
        expect(len(chain) == len(run.pairs), f"{where} takes {len(chain)} steps in a row.")
        caption = run.embeds[number % len(run.embeds)]
        for step in chain:
            seen = step.with_caption(caption) is not None
            expect(seen, f"{where} is denoised without its own prompt.")
        last = chain[-1].noising
        expect(last is not None and near(result, last.out), f"{where} is not in the result.")


def _right_variance(step: Step, variance: Tensor, caption: Tensor, where: str) -> tuple[bool, str]:
    own = step.with_caption(caption) or step.calls[0]
    if same(variance, own.variance):
        return True, ""
    why = "it must be the last three channels of the UNet's output at this step"
    if same(variance, own.noise):
        why = "yours is the noise estimate, the first three channels of the UNet's output"
    elif any(same(variance, call.variance) for call in step.calls):
        why = "yours is that of the empty prompt, it must be that of the prompt"
    elif same(variance, variance.half().float()):
        why = "yours is rounded to float16: use the dtype of stage_1.unet"
    return False, f"{where} add_variance is given a wrong predicted_variance: {why}."


def _told(step: Step, mean: Tensor, estimates: Estimates, t: int, t_next: int, bars: Tensor) -> str:
    """What is wrong with a mean: the weights that explain it, beside the right ones."""
    where = f"At the step from t = {t} to {t_next}"
    if same(step.x, step.x.half().float()):
        return f"{where} the UNet gets the picture in float16: use the dtype of stage_1.unet."
    bar, bar_next = float(bars[t]), float(bars[t_next])
    alpha = bar / bar_next
    right = (bar_next**0.5 * (1 - alpha) / (1 - bar), alpha**0.5 * (1 - bar_next) / (1 - bar))
    x0 = (step.x.double() - (1 - bar) ** 0.5 * estimates.right[0].double()) / bar**0.5
    rule = f"the mean must be {right[0]:.4f} times x0_hat plus {right[1]:.4f} times x_t"
    weights, rest = fit(mean, x0, step.x)
    if rest < 10 * TOLERANCE:
        yours = " and ".join(shown(weight, 4) for weight in weights)
        return f"{where} {rule}; yours is {yours} times them."
    if near(mean, right[0] * x0.clamp(-1, 1) + right[1] * step.x):
        return f"{where} x0_hat is clipped to [-1, 1]: leave it as it is."
    if fit(mean, x0, step.x, step.calls[0].variance)[1] < 10 * TOLERANCE:
        return f"{where} the variance channels are mixed into the mean: split the UNet's output."
    noise = (step.x - alpha**0.5 * mean.double()) * (1 - bar) ** 0.5 / (1 - alpha)
    shares, rest = fit(noise, *estimates.parts.values())
    if len(shares) > 1 and rest < 100 * TOLERANCE:
        names = zip(shares, estimates.parts, strict=True)
        sum_of = " plus ".join(f"{shown(share)} times {name}" for share, name in names)
        return f"{where} x0_hat uses a wrong noise estimate: yours is {sum_of}."
    return f"{where} {rule}; yours is no such sum: check the noise estimate that x0_hat uses."
