"""Checks of `forward(im, t, alphas_cumprod)`.

Inputs: pictures of a constant and random ones, at timesteps near both ends and in between. With
one seed for two pictures the noise cancels, and the picture's scale is known to 1e-4, a tenth of
one timestep's effect. Where an answer draws noise that no seed reaches, the mean of 4 x 3 x 64 x 64
values gives the scale to 0.0045, and six of these standard errors are allowed. Noise is tested at
six standard errors, five timesteps with three tests each: a false alarm once in 3e7 runs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.normality import check_standard_normal
from autograder.served import cosine_tables
from autograder.subject import Subject

TIMESTEPS = (40, 250, 500, 750, 960)
SHAPE = (4, 3, 64, 64)
SIX_MEAN, EXACT = 6 * 0.0045, 1e-4
BAR = cosine_tables()[2]


def noisy(student: Subject, value: float, t: int, seed: int | None) -> Tensor:
    """The answer for a picture that has one value everywhere."""
    im = torch.full(SHAPE, value)
    return as_tensor(student.call("forward", im, t, BAR, seed=seed), SHAPE, "forward(im, ...)")


def test_shape(student: Subject) -> None:
    """One picture and a batch keep their shape; the input is left as it was."""
    for shape in ((1, 3, 64, 64), (2, 3, 32, 32)):
        im = torch.linspace(-1, 1, math.prod(shape)).reshape(shape)
        out, after = student.call_echo("forward", im, 500, BAR, seed=1)
        as_tensor(out, shape, "forward(im, t, alphas_cumprod)")
        kept = isinstance(after[0], Tensor) and close(after[0], im)
        expect(kept, "forward changes the picture that it was given: work on a copy.")


def test_image(student: Subject) -> None:
    """The picture is scaled by the square root of alphas_cumprod[t]."""
    for t in TIMESTEPS:
        bar = float(BAR[t])
        low, high = (noisy(student, value, t, seed=7) for value in (-1.0, 1.0))
        scales = (high - low) / 2
        scale, offset = float(scales.mean()), float((high + low).mean()) / 2
        tolerance = EXACT if float(scales.std()) < EXACT else SIX_MEAN
        message = f"At t = {t} the picture must be scaled by sqrt(alphas_cumprod[t]) = "
        message += f"{bar**0.5:.4f}, yours is scaled by {scale:.4f}."
        expect(abs(scale - bar**0.5) < tolerance, message)
        expect(abs(offset) < SIX_MEAN, f"At t = {t} the noise has mean {offset:.3f}, it must be 0.")


def test_noise(student: Subject) -> None:
    """The noise is normal, new for each call and pixel, with variance 1 - alphas_cumprod[t]."""
    for t in TIMESTEPS:
        std = float((1 - BAR[t]).sqrt())
        noise = noisy(student, 0.0, t, seed=11) / std
        for shared in (noise[0] - noise[1], noise[:, 0] - noise[:, 1]):
            message = "Pixels share their noise: draw it in the shape of im."
            # Two independent values of deviation s differ by one of deviation 1.41 s.
            expect(float(shared.std()) > float(noise.std()), message)
        rule = f"At t = {t} the noise, divided by sqrt(1 - alphas_cumprod[t]) = {std:.3f},"
        check_standard_normal(noise, rule)
    first, second, unseeded = (noisy(student, 0.0, 500, seed=seed) for seed in (1, 2, None))
    expect(not close(first, second), "forward gives the same noise each time: draw it anew.")
    expect(not close(second, unseeded), "forward sets a seed: the caller decides about seeds.")


def probe(student: Subject) -> Behaviour:
    """Scale and noise as powers of alpha-bar and 1 - alpha-bar, rounded: draws may differ."""
    found: Behaviour = {}
    for t in (300, 700):
        pictures = [torch.full(SHAPE, value) for value in (-1.0, 1.0)]
        low, high = (attempt(student.call, "forward", p, t, BAR, seed=3) for p in pictures)
        if not isinstance(low, Tensor) or not isinstance(high, Tensor) or low.shape != SHAPE:
            return found | {"answer": low if isinstance(low, str) else "another shape"}
        scale, noise = (high - low).mean() / 2, (high + low) / 2
        found[f"scale {t}"] = power(float(scale), float(BAR[t]))
        found[f"noise {t}"] = power(float(noise.std()), 1 - float(BAR[t]))
        found[f"neighbour {t}"] = neighbour(float(scale), t)
        found[f"shared {t}"] = float((noise[0] - noise[1]).std() < 0.1 * noise.std())
        found[f"grey {t}"] = float((noise[:, 0] - noise[:, 1]).std() < 0.1 * noise.std())
        found[f"clipped {t}"] = float(noise.abs().max() <= 1.0)
        found[f"offset {t}"] = round(float(noise.mean()), 1)
    draws = [attempt(student.call, "forward", torch.zeros(SHAPE), 500, BAR, seed=s) for s in (1, 2)]
    repeats = all(isinstance(d, Tensor) for d in draws) and torch.equal(
        *map(torch.as_tensor, draws)
    )
    found["repeats"] = float(repeats)
    found["kept"] = attempt(lambda: float(keeps_input(student)))
    return found


def keeps_input(student: Subject) -> bool:
    """Whether the picture is the same after the call."""
    im = torch.full(SHAPE, 0.5)
    after = student.call_echo("forward", im, 500, BAR, seed=4)[1][0]
    return isinstance(after, Tensor) and close(after, im)


def power(value: float, base: float) -> float:
    """The exponent p of value = base ** p to 0.1; 0.005 from a step's middle for known answers."""
    if value <= 0:
        return -99.0
    return round(math.log(value) / math.log(base), 1) + 0.0


def neighbour(scale: float, t: int) -> float:
    """By how many timesteps the level is off, or 9 where it is that of no neighbour."""
    return float(next((k for k in (0, -1, 1) if abs(scale - float(BAR[t + k]) ** 0.5) < EXACT), 9))
