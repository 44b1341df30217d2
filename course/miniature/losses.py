"""The losses: weighted noise prediction, and the variational bound for the variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

T = 1000


@dataclass(frozen=True)
class Schedule:
    """Tables of the noise schedule, (1000,) float32 each.

    Attributes:
        signal: sqrt of the cumulative product of the alphas.
        noise: sqrt of one minus that product.
        weight: min(SNR, 5) / SNR (Hang et al. 2023), the weight of noise prediction.
        log_beta: Log of the largest sensible variance.
        log_posterior: Log of the smallest, that of the posterior; at t = 0 as at t = 1.
        mean: Factor from an error of the noise to one of the mean of a reverse step.
    """

    signal: Tensor
    noise: Tensor
    weight: Tensor
    log_beta: Tensor
    log_posterior: Tensor
    mean: Tensor


def cosine_schedule(device: torch.device | str = "cpu", limit: float = 5.0) -> Schedule:
    """Tables of diffusers' `squaredcos_cap_v2` (Nichol and Dhariwal 2021, eq. 17).

    Args:
        device: Where they shall lie.
        limit: Largest signal-to-noise ratio that counts.
    """
    steps = torch.arange(T + 1, dtype=torch.float64) / T
    level = torch.cos((steps + 0.008) / 1.008 * math.pi / 2) ** 2
    beta = (1 - level[1:] / level[:-1]).clamp(max=0.999)
    product = torch.cumprod(1 - beta, 0)
    before = torch.cat([torch.ones(1, dtype=torch.float64), product[:-1]])
    posterior = beta * (1 - before) / (1 - product)
    posterior[0] = posterior[1]
    ratio = product / (1 - product)
    tables = (
        product.sqrt(),
        (1 - product).sqrt(),
        ratio.clamp(max=limit) / ratio,
        beta.log(),
        posterior.log(),
        beta / ((1 - beta).sqrt() * (1 - product).sqrt()),
    )
    return Schedule(*(table.float().to(device) for table in tables))


def noise_loss(schedule: Schedule, predicted: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Weighted squared error of the noise, (B,).

    Args:
        schedule: The tables.
        predicted: Predicted noise, (B, 3, H, W).
        noise: True noise, (B, 3, H, W).
        t: Timesteps, (B,).
    """
    return schedule.weight[t] * (predicted - noise).square().mean((1, 2, 3))


def variance_loss(
    schedule: Schedule, predicted: Tensor, variance: Tensor, noise: Tensor, t: Tensor
) -> Tensor:
    r"""Divergence of the reverse step from the posterior in bits a value, (B,); zero at t = 0.

    The mean is a constant here: only the variance learns from this (Nichol and Dhariwal 2021,
    eq. 16). At t = 0, where the sampler adds no noise, there is nothing to learn.

    Args:
        schedule: The tables.
        predicted: Predicted noise, (B, 3, H, W).
        variance: Where the log variance lies between smallest (-1) and largest (1), (B, 3, H, W).
        noise: True noise, (B, 3, H, W).
        t: Timesteps, (B,).
    """
    low, high, mean = (
        table[t][:, None, None, None]
        for table in (schedule.log_posterior, schedule.log_beta, schedule.mean)
    )
    log_variance = low + (variance + 1) / 2 * (high - low)
    distance = (mean * (predicted.detach() - noise)).square()
    kl = 0.5 * (log_variance - low - 1 + (low.exp() + distance) * torch.exp(-log_variance))
    return kl.mean((1, 2, 3)) / math.log(2) * (t > 0)
