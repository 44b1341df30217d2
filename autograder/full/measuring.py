"""What a trained network is worth: test losses and samples, by its outputs alone.

Noise, times and test digits are this side's; the network, wherever it runs, only answers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checking import as_tensor

from .digits import Digits
from .presets import Recipe

# x, class, time and mask to the network's output; None for what the network does not take.
Network = Callable[[Tensor, Tensor | None, Tensor | None, Tensor | None], Tensor]
AT_ONCE = 500


def alpha_bars(recipe: Recipe) -> Tensor:
    """Running product of 1 - beta_t with linear betas, (T,), float64 (DDPM, section 4)."""
    betas = torch.linspace(recipe.beta1, recipe.beta2, recipe.num_ts, dtype=torch.float64)
    return (1 - betas).cumprod(0)


def denoiser_loss(network: Network, digits: Digits, recipe: Recipe, seed: int) -> float:
    """Mean squared error of denoised test digits."""
    chance = torch.Generator().manual_seed(seed)
    total = 0.0
    for x in digits.test_images.split(AT_ONCE):
        z = x + recipe.sigma * torch.randn(x.shape, generator=chance)
        total += float((_ask(network, z) - x).double().square().sum())
    return total / digits.test_images.numel()


def noise_loss(
    network: Network, digits: Digits, recipe: Recipe, seed: int, classes: bool, keep: bool = True
) -> float:
    """Mean squared error of the predicted noise on test digits (DDPM, eq. 14).

    Args:
        network: Predictor of noise.
        digits: With the test digits.
        recipe: With the schedule.
        seed: Of noise and times.
        classes: Whether the network takes classes.
        keep: Whether it is told them.
    """
    chance = torch.Generator().manual_seed(seed)
    bars, total = alpha_bars(recipe), 0.0
    pairs = zip(digits.test_images.split(AT_ONCE), digits.test_labels.split(AT_ONCE), strict=True)
    for x, c in pairs:
        t = torch.randint(1, recipe.num_ts + 1, (len(x),), generator=chance)
        noise = torch.randn(x.shape, generator=chance)
        bar = bars[t - 1].reshape(-1, 1, 1, 1)
        x_t = (bar.sqrt() * x + (1 - bar).sqrt() * noise).float()
        mask = torch.full((len(x),), float(keep))
        told = (c, t / recipe.num_ts, mask) if classes else (None, t / recipe.num_ts, None)
        total += float((_ask(network, x_t, *told) - noise).double().square().sum())
    return total / digits.test_images.numel()


def samples(
    network: Network, recipe: Recipe, seed: int, count: int, c: Tensor | None, guidance: float
) -> Tensor:
    """Pictures by this side's own loop (DDPM, Algorithm 2, sigma_t^2 = beta_t).

    Args:
        network: Predictor of noise.
        recipe: With the schedule.
        seed: Of all noise.
        count: Number of pictures.
        c: Classes to draw, (count,), or None for a network without classes.
        guidance: Strength of classifier-free guidance.

    Returns:
        (count, 1, 28, 28), float32, about in [0, 1].
    """
    chance = torch.Generator().manual_seed(seed)
    bars = torch.cat([torch.ones(1, dtype=torch.float64), alpha_bars(recipe)])
    x = torch.randn(count, 1, 28, 28, generator=chance).double()
    for t in range(recipe.num_ts, 0, -1):
        noise = _predicted(network, x.float(), t / recipe.num_ts, c, guidance).double()
        bar, before = bars[t], bars[t - 1]
        alpha = bar / before
        mean = (x - (1 - alpha) / (1 - bar).sqrt() * noise) / alpha.sqrt()
        z = torch.randn(x.shape, generator=chance) if t > 1 else torch.zeros(x.shape)
        x = mean + (1 - alpha).sqrt() * z
    return x.float()


def _predicted(
    network: Network, x: Tensor, time: float, c: Tensor | None, guidance: float
) -> Tensor:
    """Noise, guided where there are classes (Ho and Salimans 2022, eq. 6); both in one call."""
    if c is None:
        return _ask(network, x, None, torch.full((len(x),), time))
    mask = torch.cat([torch.zeros(len(x)), torch.ones(len(x))])
    twice = x.repeat(2, 1, 1, 1)
    both = _ask(network, twice, c.repeat(2), torch.full((len(twice),), time), mask)
    without, told = both.chunk(2)
    return without + guidance * (told - without)


def _ask(
    network: Network,
    x: Tensor,
    c: Tensor | None = None,
    t: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    return as_tensor(network(x, c, t, mask), tuple(x.shape), "The trained network's output")
