"""Checks of `forward(im, t, alphas_cumprod)`.

Inputs: pictures of a constant and random ones, at timesteps near both ends and in between. A
constant picture of 4 x 3 x 64 x 64 values gives the mean to 1 / sqrt(49152) = 0.0045 of the
noise's deviation and that deviation to 0.0032 of itself. Tolerances are six of these standard
errors: a false alarm once in 5e8 tests of normal noise, far below the gap to any known mistake.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.served import cosine_tables
from autograder.subject import Subject

TIMESTEPS = (40, 250, 500, 750, 960)
SHAPE = (4, 3, 64, 64)
SIX_MEAN, SIX_STD = 6 * 0.0045, 6 * 0.0032
BAR = cosine_tables()[2]


def noisy(student: Subject, value: float, t: int, seed: int) -> Tensor:
    """The answer for a picture that has one value everywhere."""
    im = torch.full(SHAPE, value)
    return as_tensor(student.call("forward", im, t, BAR, seed=seed), SHAPE, "forward(im, ...)")


def test_shape(student: Subject) -> None:
    """One picture and a batch keep their shape; the input is left as it was."""
    for shape in ((1, 3, 64, 64), (2, 3, 32, 32)):
        im = (
            torch.linspace(-1, 1, 3 * shape[-1] ** 2)
            .reshape(1, *shape[1:])
            .repeat(shape[0], 1, 1, 1)
        )
        out, after = student.call_echo("forward", im, 500, BAR, seed=1)
        as_tensor(out, shape, "forward(im, t, alphas_cumprod)")
        expect(
            close(after[0], im), "forward changes the picture that it was given: work on a copy."
        )


def test_image(student: Subject) -> None:
    """The picture is scaled by the square root of alphas_cumprod[t]."""
    for t in TIMESTEPS:
        bar = float(BAR[t])
        means = [float(noisy(student, value, t, seed=7).mean()) for value in (-1.0, 1.0)]
        scale = (means[1] - means[0]) / 2
        message = (
            f"At t = {t} the picture must be scaled by sqrt(alphas_cumprod[t]) = {bar**0.5:.3f}"
        )
        expect(abs(scale - bar**0.5) < SIX_MEAN, f"{message}, yours is scaled by {scale:.3f}.")
        offset = sum(means) / 2
        expect(abs(offset) < SIX_MEAN, f"At t = {t} the noise has mean {offset:.3f}, it must be 0.")


def test_noise(student: Subject) -> None:
    """The noise is normal, new for each call and pixel, with variance 1 - alphas_cumprod[t]."""
    for t in TIMESTEPS:
        std = float((1 - BAR[t]).sqrt())
        noise = noisy(student, 0.0, t, seed=11) / std
        got = float(noise.std())
        message = f"At t = {t} the noise must have standard deviation {std:.3f}"
        expect(abs(got - 1) < SIX_STD, f"{message}, yours has {got * std:.3f}.")
        # A normal number lies within one deviation with probability 0.6827.
        share = float((noise.abs() < 1).float().mean())
        expect(abs(share - 0.6827) < 6 * 0.0021, "The noise is not normal: use torch.randn_like.")
        across = noise[0] - noise[1], noise[:, 0] - noise[:, 1]
        expect(
            min(float(d.std()) for d in across) > 1.3, "Pixels share their noise: draw im.shape."
        )
    pair = [noisy(student, 0.0, 500, seed=seed) for seed in (1, 2)]
    again = as_tensor(student.call("forward", torch.zeros(SHAPE), 500, BAR), SHAPE, "forward(...)")
    expect(not close(pair[0], pair[1]), "forward gives the same noise each time: draw it anew.")
    expect(not close(pair[1], again), "forward sets a seed: the caller decides about seeds.")


def probe(student: Subject) -> Behaviour:
    """The picture's scale and the noise's deviation at three timesteps, as powers of alpha-bar."""
    found: Behaviour = {}
    for t in (250, 500, 750):
        pictures = [torch.full(SHAPE, value) for value in (0.0, 1.0)]
        zero, one = (attempt(student.call, "forward", p, t, BAR, seed=3) for p in pictures)
        if isinstance(zero, Tensor) and isinstance(one, Tensor):
            found[f"scale {t}"] = float((one - zero).mean())
            found[f"noise {t}"] = float(zero.std())
        else:
            found[f"scale {t}"] = str(one) if isinstance(one, str) else "no tensor"
    return found
