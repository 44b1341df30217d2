"""Judges a reverse loop from the log of a `FakeStage`, step by step and whatever its style.

At every step the noise that `add_variance` gave is known, so what is left of the next picture is
the mean of the step; it is compared with its closed form in float64. Calls may come one by one or
in batches, and the mean may be written with x0 or with epsilon. One picture a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from autograder.checking import expect
from autograder.oracles.loop_log import posterior_mean
from autograder.served import FakeStage, UNetCall, VarianceCall, cosine_tables

BAR = cosine_tables()[2].double()
# Float32 loops stay within 1e-4 of the largest value, and half precision within 2e-3.
TOLERANCE = 3e-3


@dataclass(frozen=True)
class Step:
    """One step of a loop, from x_t to x_t'.

    Attributes:
        t: Timestep before the step, 0 is clean.
        prev_t: Timestep after the step.
        calls: What the UNet was asked at t.
        variance: The step's call of `add_variance`.
        before: x_t, (3, 64, 64).
        after: x_t', (3, 64, 64).
    """

    t: int
    prev_t: int
    calls: tuple[UNetCall, ...]
    variance: VarianceCall
    before: Tensor
    after: Tensor

    @property
    def mean(self) -> Tensor:
        """What x_t' is without the noise that `add_variance` gave, (3, 64, 64)."""
        added = self.variance.out - self.variance.image
        return self.after.double() - added[0].double()


Upright = Callable[[Sequence[UNetCall]], Tensor]


def first_picture(calls: Sequence[UNetCall]) -> Tensor:
    """x_t of a step whose calls all see the same picture."""
    return calls[0].x


def visited(stage: FakeStage) -> list[int]:
    """The timesteps at which the UNet was asked, in order, repetitions taken together."""
    times = [call.t for call in stage.calls]
    return times[:1] + [b for a, b in pairwise(times) if a != b]


def steps_of(
    stage: FakeStage,
    timesteps: list[int],
    i_start: int,
    result: Tensor,
    upright: Upright = first_picture,
) -> list[Step]:
    """The steps of a run on one picture, or a failed check where steps miss or are too many.

    Args:
        stage: Log of the run.
        timesteps: As given to the answer.
        i_start: Index of the first timestep that should be visited.
        result: What the answer returned, (1, 3, 64, 64).
        upright: Picks x_t from the calls of a step.
    """
    pictures = pictures_of(stage, timesteps, i_start, result, upright)
    check_variance_calls(stage, len(pictures) - 1)
    groups = by_timestep(stage, timesteps[i_start:-1])
    pairs = pairwise(timesteps[i_start:])
    return [
        Step(t, prev_t, groups[i], stage.variance_calls[i], pictures[i], pictures[i + 1])
        for i, (t, prev_t) in enumerate(pairs)
    ]


def pictures_of(
    stage: FakeStage,
    timesteps: list[int],
    i_start: int,
    result: Tensor,
    upright: Upright = first_picture,
) -> list[Tensor]:
    """The picture at each timestep of a run, (3, 64, 64); arguments as of `steps_of`."""
    check_visits(stage, timesteps, i_start)
    groups = by_timestep(stage, timesteps[i_start:-1])
    return [upright(calls) for calls in groups] + [result[0]]


def by_timestep(stage: FakeStage, wanted: list[int]) -> list[tuple[UNetCall, ...]]:
    """The calls of the UNet at each of some timesteps."""
    return [tuple(call for call in stage.calls if call.t == t) for t in wanted]


def check_visits(stage: FakeStage, timesteps: list[int], i_start: int) -> None:
    """The UNet is asked at each timestep but the last."""
    found, wanted = visited(stage), timesteps[i_start:-1]
    expect(len(found) > 0, "The UNet is never asked: start at i_start and go down the timesteps.")
    expect(
        found[0] == wanted[0],
        "The first timestep that the UNet sees is not the one where the loop has to start.",
    )
    expect(
        found == wanted,
        f"The UNet is asked at {len(found)} timesteps, where one step from each timestep to the "
        f"next makes {len(wanted)}: go through the list, and stop before its last entry.",
    )


def check_variance_calls(stage: FakeStage, steps: int) -> None:
    """add_variance is called once a step."""
    count, shapes = len(stage.variance_calls), {c.image.shape[0] for c in stage.variance_calls}
    expect(
        count == steps and shapes == {1},
        f"add_variance is called {count} times in {steps} steps: once a step, also in the last "
        "one.",
    )


def implied_noise(step: Step) -> Tensor:
    """The epsilon that `posterior_mean` must have been given for a step's mean."""
    alpha = BAR[step.t] / BAR[step.prev_t]
    left = step.before.double() - alpha.sqrt() * step.mean
    return left * (1 - BAR[step.t]).sqrt() / (1 - alpha)


def deviation(variance: Tensor, t: int, prev_t: int) -> Tensor:
    """Standard deviation of the noise of a step (Nichol and Dhariwal 2021, eq. 15)."""
    beta = 1 - BAR[t] / BAR[prev_t]
    smallest = (1 - BAR[prev_t]) / (1 - BAR[t]) * beta
    fraction = (variance.double() + 1) / 2
    return (0.5 * (fraction * beta.log() + (1 - fraction) * smallest.log())).exp()


def error(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to the largest value of `b` where that is above 1."""
    return float((a.double() - b.double()).abs().max() / b.double().abs().max().clamp(min=1))


def equal(a: Tensor, b: Tensor) -> bool:
    """Whether two pictures or captions are the same, up to half precision."""
    return a.shape == b.shape and error(a, b) < TOLERANCE


def call_for(
    calls: Sequence[UNetCall], caption: Tensor, x: Tensor | None = None
) -> UNetCall | None:
    """The call with a caption, (1, 77, 8), on a picture, (3, 64, 64), if there is one."""
    for call in calls:
        if equal(call.embeds, caption[0]) and (x is None or equal(call.x, x)):
            return call
    return None


def guided(
    stage: FakeStage, x: Tensor, t: int, cond: Tensor, uncond: Tensor, scale: float
) -> Tensor:
    """The guided noise that the UNet's answers on `x`, (3, 64, 64), give; float64."""
    noise_c = stage.predict(x, t, cond[0])[0].double()
    noise_u = stage.predict(x, t, uncond[0])[0].double()
    return (1 - scale) * noise_u + scale * noise_c


def check_mean(step: Step, noise: Tensor, where: Tensor | None, message: str) -> None:
    """The step's mean is the closed form for `noise`, (3, 64, 64), where `where` is true."""
    want, got = posterior_mean(step.before, noise, step.t, step.prev_t, BAR), step.mean
    if where is not None:
        want, got = want[where], got[where]
    expect(error(got, want) < TOLERANCE, f"In the step from t = {step.t}: {message}")


def check_variance(step: Step, variance: Tensor) -> None:
    """add_variance got t and these variance channels, (3, 64, 64), and knew the next timestep."""
    call = step.variance
    expect(
        call.t == step.t,
        f"In the step from t = {step.t} add_variance is given {call.t}: it takes the timestep "
        "before the step, t.",
    )
    expect(
        equal(call.predicted_variance[0], variance),
        f"In the step from t = {step.t} add_variance must be given the variance channels (the "
        "last three) of the UNet's call with the prompt (the first prompt, if there are two).",
    )
    want = deviation(call.predicted_variance, step.t, step.prev_t) * call.noise.double()
    expect(
        error(call.out - call.image, want) < TOLERANCE,
        "add_variance does not know the timesteps: call "
        "stage_1.scheduler.set_timesteps(timesteps=timesteps) before the loop.",
    )


def check_no_gradient(stage: FakeStage) -> None:
    """The UNet is called under `torch.no_grad()`."""
    expect(
        not any(call.grad for call in stage.calls),
        "The UNet is called with gradients, which fills the memory: use torch.no_grad().",
    )
