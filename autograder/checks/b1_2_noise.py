"""Checks of `add_noise(x, sigma)`.

Inputs: batches of 50176 random values in [0, 1], of which a tenth are 0 and a tenth 1, so that
clipping shows; noise levels from 0 to 1. What is left of (z - x) / sigma must be normal noise: four
tests at six standard errors for each of four levels, a false alarm once in 3e7 submissions. At
these sizes the deviation is known to 2 %; the nearest known mistake (a scaled picture at
sigma = 0.2) correlates by 0.04 with the picture, where 0.027 is allowed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.normality import check_standard_normal
from autograder.subject import Subject

SIGMAS = (0.2, 0.5, 0.8, 1.0)
SHAPE = (64, 1, 28, 28)
WHAT = "add_noise(x, sigma)"


def digits(seed: int, shape: tuple[int, ...] = SHAPE) -> Tensor:
    """Random pictures with many black and white pixels, in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    return (1.25 * torch.rand(shape, generator=generator) - 0.125).clamp(0, 1)


def test_shape(student: Subject) -> None:
    """Shapes stay, the input is left as it was, sigma = 0 changes nothing."""
    for shape in ((1, 1, 28, 28), (3, 1, 28, 28), (2, 3, 16, 16)):
        x = digits(1, shape)
        out, after = student.call_echo("add_noise", x, 0.5, seed=1)
        z = as_tensor(out, shape, WHAT)
        expect(not close(z, x), "The images come back without noise.")
        expect(close(after[0], x), "add_noise changes the images that it was given: make a copy.")
    same = as_tensor(student.call("add_noise", digits(1), 0.0, seed=1), SHAPE, WHAT)
    expect(close(same, digits(1)), "With sigma = 0 the images must stay as they are.")


def test_statistics(student: Subject) -> None:
    """The images keep their scale, and the noise is normal, of deviation sigma, new each time."""
    for i, sigma in enumerate(SIGMAS):
        x = digits(10 + i)
        z = as_tensor(student.call("add_noise", x, sigma, seed=i), SHAPE, WHAT)
        inside = bool(z.min() >= 0) and bool(z.max() <= 1)
        expect(not inside, "The noisy images must not be clipped to [0, 1].")
        noise = (z - x).double() / sigma
        across = noise[0] - noise[1], noise[:, :, 0] - noise[:, :, 1]
        expect(
            min(float(d.std()) for d in across) > 0.7 * float(noise.std()),
            "Pixels or images share their noise: draw it in the shape of x.",
        )
        what = f"At sigma = {sigma} the noise (z - x) / sigma"
        check_standard_normal(noise, what, independent_of=x)
    x = digits(20)
    a, b, c = (student.call("add_noise", x, 0.5, seed=seed) for seed in (5, 6, None))
    first, second, third = (as_tensor(z, SHAPE, WHAT) for z in (a, b, c))
    expect(not close(first, second), "add_noise gives the same noise each time: draw it anew.")
    expect(not close(second, third), "add_noise sets a seed: the caller decides about seeds.")


def probe(student: Subject) -> Behaviour:
    """Mean and deviation of the result at two levels, coarsely, and whether noise is shared."""
    found: Behaviour = {}
    for sigma in (0.3, 1.5):
        for value in (0.0, 1.0):
            z = attempt(student.call, "add_noise", torch.full(SHAPE, value), sigma, seed=7)
            case = f"{value} {sigma}"
            if not isinstance(z, Tensor) or z.shape != SHAPE:
                found[f"result {case}"] = z if isinstance(z, str) else "another shape"
                continue
            noise = z.double()
            shared = float((noise[0] - noise[1]).std()) < 0.1
            found[f"shared {case}"] = float(shared)
            if value == 0:
                found[f"negative {case}"] = float(noise.min() < 0)
            if not shared:
                # Values count as equal within 1e-3, which makes 0.05 of these: five errors.
                found[f"mean {case}"] = 0.02 * float(noise.mean())
                found[f"std {case}"] = 0.02 * float(noise.std())
    _, after = student.call_echo("add_noise", torch.zeros(SHAPE), 1.0, seed=7)
    found["changed"] = float(isinstance(after[0], Tensor) and bool(after[0].any()))
    return found
