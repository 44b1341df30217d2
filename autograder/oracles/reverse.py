"""A run of a DDPM sampler, step by step, and what can be told from it.

The served network logs every call, so a run is a list of steps: the pictures that came in, the
time that came with them, the noise that was answered. The next step's pictures show what the
answer made of them. Equation: Ho et al. 2020, Algorithm 2, with the mean by eq. 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autograder.checking import CheckFailureError, as_tensor, expect
from autograder.served import ModuleCall, ServedModule

Schedule = dict[str, Tensor]


def linear_schedule(beta1: float, beta2: float, num_ts: int) -> Schedule:
    """Evenly spaced variances."""
    steps = torch.arange(num_ts, dtype=torch.float64) / max(num_ts - 1, 1)
    return tables(beta1 + (beta2 - beta1) * steps)


def tables(betas: Tensor) -> Schedule:
    """What `ddpm_schedule` would give for these variances."""
    alphas = 1 - betas.double()
    bars = alphas.cumprod(0)
    return {"betas": betas.float(), "alphas": alphas.float(), "alpha_bars": bars.float()}


@dataclass(frozen=True)
class Coefficients:
    """x_{t-1} = x * x_t + noise * epsilon + std * z, for one timestep."""

    x: float
    noise: float
    std: float

    @classmethod
    def of(cls, schedule: Schedule, t: int) -> Coefficients:
        """The right ones for timestep t, 1 .. T."""
        beta = float(schedule["betas"][t - 1].double())
        alpha, bar = 1 - beta, float(schedule["alpha_bars"][t - 1].double())
        return cls(1 / alpha**0.5, -beta / ((1 - bar) * alpha) ** 0.5, beta**0.5 if t > 1 else 0.0)


class Answers(nn.Module):
    """A network whose answers are known: constant ones, or ones that depend on everything.

    Args:
        plain: What a picture's noise is without its class, (1, H, W).
        classes: What each class adds to it, (num_classes, 1, H, W), or None.
        bend: How much of it depends on the picture and on the time.
    """

    def __init__(self, plain: Tensor, classes: Tensor | None = None, bend: float = 0.0) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.constants = (plain, classes)
        self.bend = bend

    def forward(
        self,
        x: Tensor,
        c: Tensor | None = None,
        t: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Noise for a batch; called (x, t) where there are no classes."""
        plain, classes = self.constants
        if classes is None:
            c, t = None, c if t is None else t
        out = plain.expand_as(x)
        if classes is not None and c is not None:
            kept = torch.ones(len(x)) if mask is None else mask.reshape(-1).to(x)
            out = out + kept.reshape(-1, 1, 1, 1) * classes[c]
        time = torch.as_tensor(0.0 if t is None else t).float().reshape(-1)
        shift = torch.cos(6 * time).reshape(-1, 1, 1, 1)
        return self.gain * (out + self.bend * torch.tanh(1.5 * x + shift))


@dataclass(frozen=True)
class Step:
    """One timestep of a run.

    Attributes:
        x: Pictures before the step, (N, 1, H, W).
        noise: Answer for them: epsilon, or the unconditional and the conditional one.
    """

    x: Tensor
    noise: tuple[Tensor, ...]


def argument(call: ModuleCall, name: str, order: tuple[str, ...]) -> object:
    """An argument of a call, by name or by position."""
    where = order.index(name)
    return call.args[where] if where < len(call.args) else call.kwargs.get(name)


def check_calls(calls: list[ModuleCall]) -> None:
    """Sampling wants evaluation mode and no gradients."""
    expect(bool(calls), "unet was never called.")
    expect(not any(c.training for c in calls), "unet must be in evaluation mode: unet.eval().")
    expect(not any(c.grad for c in calls), "Sample within torch.no_grad(): gradients cost memory.")


def check_time(value: object, count: int, t: int, num_ts: int) -> None:
    """The time of a call must be t / T for every picture."""
    want = f"t / num_ts, with shape ({count},), floating"
    if not isinstance(value, Tensor):
        raise CheckFailureError(f"The time must be a tensor: {want}.")
    expect(tuple(value.shape) == (count,), f"The time must be {want}, not {tuple(value.shape)}.")
    expect(value.is_floating_point(), f"The time must be {want}, not {value.dtype}.")
    off = float((value.double() - t / num_ts).abs().max())
    message = (
        f"Step {num_ts - t + 1} of {num_ts} must see t = {t}, that is the time {t / num_ts:.4f}"
    )
    expect(off < 1e-5, f"{message}, it sees {float(value.reshape(-1)[0]):.4f}.")


def chain(steps: list[Step], final: object, num_ts: int) -> list[Tensor]:
    """Pictures x_T, ..., x_0 of a run, which must have one step for each timestep."""
    expect(
        len(steps) == num_ts,
        f"With num_ts = {num_ts} there must be {num_ts} steps, yours takes {len(steps)}.",
    )
    shape = tuple(steps[0].x.shape)
    return [step.x.double() for step in steps] + [as_tensor(final, shape, "The result").double()]


def normal_residuals(
    steps: list[Step], path: list[Tensor], schedule: Schedule, noise: Callable[[Step], Tensor]
) -> list[Tensor]:
    """The z that each step must have drawn if its mean is right; none for the last step."""
    found = []
    for i, t in enumerate(range(len(steps), 1, -1)):
        k = Coefficients.of(schedule, t)
        mean = k.x * path[i] + k.noise * noise(steps[i]).double()
        found.append((path[i + 1] - mean) / k.std)
    return found


def score(z: list[Tensor], direction: list[Tensor]) -> float:
    """How many standard errors sum(z * direction) is away from 0."""
    total = sum(float((a * b).sum()) for a, b in zip(z, direction, strict=True))
    square = sum(float((b * b).sum()) for b in direction)
    return total / math.sqrt(max(square, 1e-24))


def responses(plain: list[Tensor], shifted: list[Tensor], pattern: Tensor) -> list[float]:
    """How much of `pattern` each picture of a run has, above those of a run with answer 0.

    Both runs draw the same z, which so cancels out: what is left shows the coefficients of the
    mean alone, exactly. NaN where something else is left as well.
    """
    found = []
    for a, b in zip(plain, shifted, strict=True):
        difference = b - a
        share = float((difference * pattern).sum() / (pattern * pattern).sum() / len(a))
        rest = float((difference - share * pattern).abs().max())
        found.append(share if rest < 1e-3 * max(1.0, abs(share)) else float("nan"))
    return found


def right_responses(schedule: Schedule, num_ts: int, amount: float = 1.0) -> list[float]:
    """What `responses` gives for a right sampler, if the answer is `amount` patterns."""
    found = [0.0]
    for t in range(num_ts, 0, -1):
        k = Coefficients.of(schedule, t)
        found.append(k.x * found[-1] + k.noise * amount)
    return found


def pattern(size: tuple[int, int], seed: int) -> Tensor:
    """A fixed constant answer, (1, H, W)."""
    return torch.randn(1, *size, generator=torch.Generator().manual_seed(seed))


def served(network: nn.Module, size: tuple[int, int]) -> ServedModule:
    """A network in training mode, as a student's loop may find it."""
    return ServedModule(network.train(), shape=(1, *size))


def own_noise(before: Tensor, after: Tensor) -> Tensor:
    """What a step with answer 0 adds to a multiple of its pictures: its noise, unscaled."""
    share = float((before * after).sum() / (before * before).sum())
    return after - share * before


def noise_kind(std: float, schedule: Schedule, t: int) -> str:
    """Which known deviation a step's noise has."""
    beta = float(schedule["betas"][t - 1])
    bars = schedule["alpha_bars"]
    before = float(bars[t - 2]) if t > 1 else 1.0
    posterior = (beta * (1 - before) / (1 - float(bars[t - 1]))) ** 0.5
    if std < 1e-3:
        return "none"
    kinds = {"right": beta**0.5, "beta": beta, "posterior": posterior, "one": 1.0}
    near = {kind: abs(std / want - 1) for kind, want in kinds.items() if want}
    best = min(near, key=lambda kind: near[kind])
    return best if near[best] < 0.06 else "other"


def check_normal(z: Tensor, what: str) -> None:
    """Mean 0, deviation 1 and a normal's share within one deviation, to 6.5 standard errors."""
    root = z.numel() ** 0.5
    mean, std = float(z.mean()), float(z.std())
    expect(abs(mean) < 6.5 / root, f"{what} must have mean 0, yours has {mean:.3f}.")
    expect(
        abs(std - 1) < 6.5 / (2**0.5 * root), f"{what} must have deviation 1, yours has {std:.3f}."
    )
    share = float((z.abs() < 1).double().mean())
    expect(abs(share - 0.6827) < 6.5 * 0.4655 / root, f"{what} must be normal: torch.randn.")


def check_nonempty(calls: list[ModuleCall]) -> None:
    """The network must be asked at all."""
    expect(bool(calls), "unet was never called.")


def times(values: list[object]) -> Tensor | str:
    """The times of all calls, or what they are where they have another form."""
    if not all(isinstance(v, Tensor) and v.dim() == 1 for v in values):
        forms = {str(tuple(v.shape)) if isinstance(v, Tensor) else type(v).__name__ for v in values}
        return " ".join(sorted(forms))
    return torch.tensor([float(v.double().mean()) for v in values if isinstance(v, Tensor)])


def noise_kinds(path: list[Tensor], schedule: Schedule) -> str:
    """The kind of noise of every step of a run with answer 0, and whether it is fresh."""
    num_ts = len(schedule["betas"])
    kinds, before, repeated = [], None, False
    for i in range(min(num_ts, len(path) - 1)):
        noise = own_noise(path[i], path[i + 1])
        kinds.append(noise_kind(float(noise.std()), schedule, num_ts - i))
        if before is not None and float(noise.std()) > 1e-3:
            pair = torch.stack([before.flatten(), noise.flatten()])
            repeated = repeated or float(torch.corrcoef(pair)[0, 1].abs()) > 0.5
        before = noise if float(noise.std()) > 1e-3 else None
    return " ".join(kinds) + (" repeated" if repeated else "")
