"""Checks of `one_step_denoise(stage_1, im_noisy, t, prompt_embeds)`.

A `FakeStage` serves the UNet, so its noise estimate is known and the clean estimate is compared
with the closed form in float64, within 2e-4 of the estimate's size: float32 stays below 2e-5, also
at t = 960, where noise is divided by 0.06. Batches have one prompt for all or one each.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from autograder.checking import as_tensor, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.loop_judge import near
from autograder.oracles.loop_log import fit, same, shown
from autograder.oracles.loop_runs import captions
from autograder.served import FakeStage, UNetCall
from autograder.subject import StudentError, Subject

TIMESTEPS = (35, 250, 500, 750, 960)


@dataclass(frozen=True)
class Run:
    """What a call was given, asked and returned."""

    stage: FakeStage
    im: Tensor
    embeds: Tensor
    result: Tensor
    after: list[object]

    def call_of(self, picture: int) -> UNetCall:
        """The UNet's call with a picture of the batch, or the call in its place."""
        calls = self.stage.calls
        own = (call for call in calls if same(call.x, self.im[picture]))
        return next(own, calls[min(picture, len(calls) - 1)])


def run(student: Subject, t: int, seed: int, count: int = 1, prompts: int = 1) -> Run:
    """Calls the student's function on noisy pictures."""
    generator = torch.Generator().manual_seed(500 + seed)
    stage, im = FakeStage(seed=seed), torch.randn(count, 3, 64, 64, generator=generator)
    embeds = captions(prompts, generator)
    result, after = student.call_echo("one_step_denoise", stage, im, t, embeds, seed=seed)
    expect(bool(stage.calls), "one_step_denoise does not call stage_1.unet.")
    plain = as_tensor(result, tuple(im.shape), "one_step_denoise(...)")
    return Run(stage, im, embeds, plain, after)


def test_shape(student: Subject) -> None:
    """Batches go through as they are, with one prompt for all or one each."""
    for count, prompts in ((1, 1), (2, 1), (3, 3)):
        found = run(student, 500, seed=count, count=count, prompts=prompts)
        after = found.after[1]
        kept = isinstance(after, Tensor) and same(after, found.im)
        expect(kept, "one_step_denoise changes the picture that it was given.")
        for k in range(count):
            caption = found.embeds[k % prompts]
            where = f"Picture {k + 1} of {count} must come to the UNet with its prompt."
            expect(same(found.call_of(k).embeds, caption), where)


def test_estimate(student: Subject) -> None:
    """The result is the clean picture that the forward process would have had to start from."""
    for t in TIMESTEPS:
        found = run(student, t, seed=10 + t)
        call, bar = found.call_of(0), found.stage.alphas_cumprod.double()[t]
        right = (found.im[0] - (1 - bar).sqrt() * call.noise) / bar.sqrt()
        if not near(found.result[0], right):
            expect(False, told(found.result[0], found.im[0], call, t, float(bar)))


def told(result: Tensor, im: Tensor, call: UNetCall, t: int, bar: float) -> str:
    """What is wrong with an estimate: the weights that explain it, beside the right ones."""
    right = (bar**-0.5, -((1 - bar) ** 0.5) / bar**0.5)
    rule = f"At t = {t} x0_hat must be {right[0]:.3f} times x_t plus {right[1]:.3f} times the noise"
    clean = right[0] * im.double() + right[1] * call.noise.double()
    if near(result, clean.clamp(-1, 1)):
        return f"At t = {t} x0_hat is clipped to [-1, 1]: leave it as it is."
    weights, rest = fit(result, im, call.noise)
    if rest < 1e-3:
        yours = " and ".join(shown(weight, 3) for weight in weights)
        return f"{rule}; yours is {yours} times them."
    if fit(result, im, call.noise, call.variance)[1] < 1e-3:
        return f"At t = {t} the variance, channels 3 to 5 of the UNet's output, is taken as noise."
    if same(call.x, call.x.half().float()):
        return f"At t = {t} the UNet gets the picture in float16: use the dtype of stage_1.unet."
    return f"{rule}; yours is no such sum."


def test_unet_input(student: Subject) -> None:
    """The UNet sees the noisy picture as it is, with its timestep and the prompt."""
    for t in (250, 750):
        found = run(student, t, seed=30 + t)
        for call in found.stage.calls:
            expect(call.t == t, f"The UNet must be told t = {t}, yours is told {call.t}.")
            prompt = "The UNet must get prompt_embeds as it is."
            expect(same(call.embeds, found.embeds[0]), prompt)
            halves = ": it is cast to float16" if same(call.x, found.im[0].half().float()) else ""
            picture = f"The UNet must see im_noisy as it is{halves}."
            expect(same(call.x, found.im[0]), picture)
        once = f"One call of the UNet is enough, yours makes {len(found.stage.calls)}."
        expect(len(found.stage.calls) == 1, once)


def test_no_gradient(student: Subject) -> None:
    """The UNet is called without gradients."""
    recorded = any(call.grad for call in run(student, 500, seed=41).stage.calls)
    expect(not recorded, "Call the UNet under torch.no_grad(): gradients fill the memory.")


def probe(student: Subject) -> Behaviour:
    """The estimate's weights at two timesteps, what the UNet saw, and whether a batch is taken."""
    found: Behaviour = {}
    for t in (300, 700):
        found |= {f"{key} at {t}": value for key, value in probe_at(student, t).items()}
    found["batch"] = attempt(lambda: float(run(student, 500, seed=52, count=2).result.shape[0]))
    return found


def probe_at(student: Subject, t: int) -> Behaviour:
    """One call as a few values, or its error."""
    try:
        seen = run(student, t, seed=50)
    except AssertionError:
        return {"answer": "of a wrong form"}
    except StudentError as error:
        if error.fatal:
            raise
        return {"answer": f"{error.kind}:{error.type}"}
    call = seen.stage.calls[0]
    weights, rest = fit(seen.result[0], seen.im[0], call.noise, call.variance)
    after = seen.after[1]
    return {
        "weights": torch.tensor([*weights, rest]),
        "timestep": float(call.t),
        "picture": float(same(call.x, seen.im[0])),
        "gradient": float(call.grad),
        "kept": float(isinstance(after, Tensor) and same(after, seen.im)),
    }
