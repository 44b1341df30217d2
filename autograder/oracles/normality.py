"""Statistical checks of noise, each at six standard errors: a false alarm once in 5e8."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from autograder.checking import expect

SIGMAS = 6.0


def check_standard_normal(noise: Tensor, what: str, independent_of: Tensor | None = None) -> None:
    """Mean 0, variance 1 and the shape of a normal distribution; three or four tests of 2e-9.

    Args:
        noise: At least a few thousand values that should be standard normal, any shape.
        what: Names the noise in messages.
        independent_of: Values of the same shape with which it must not correlate.
    """
    values = noise.double().flatten()
    unit = SIGMAS / len(values) ** 0.5
    mean, std = float(values.mean()), float(values.std())
    expect(abs(mean) < unit, f"{what} must have mean 0, yours has {mean:.3f}.")
    # The variance of a sample's deviation is 1 / 2n.
    expect(
        abs(std - 1) < unit / 2**0.5,
        f"{what} has {std:.3f} times the standard deviation that it must have.",
    )
    # A normal number lies within one deviation with probability 0.6827.
    share = float((values.abs() < 1).double().mean())
    expect(abs(share - 0.6827) < 0.466 * unit, f"{what} is not normal: use torch.randn_like.")
    if independent_of is not None:
        r = correlation(values, independent_of.double().flatten())
        expect(
            abs(r) < unit, f"{what} must not depend on the picture: the picture is scaled wrongly."
        )


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation of two flat tensors."""
    return float(torch.corrcoef(torch.stack([a, b]))[0, 1])


def nearest_level(noisy: Tensor, clean: Tensor, levels: Mapping[str, float]) -> str:
    """The name of the alpha-bar at which a picture seems to be noised, for diagnoses.

    Args:
        noisy: Noised values, any shape.
        clean: The values without noise, same shape.
        levels: Values of alpha-bar by name, each in [0, 1].
    """
    x, y = clean.double().flatten(), noisy.double().flatten()
    scale = float((x * y).sum() / (x * x).sum())
    std = float((y - scale * x).std())

    def distance(name: str) -> float:
        bar = levels[name]
        return float((scale - bar**0.5) ** 2 + (std - (1 - bar) ** 0.5) ** 2)

    return min(levels, key=distance)
