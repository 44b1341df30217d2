"""UNet and text encoder as one model that knows its loss and can sample."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from .config import Config
from .losses import Schedule, T, noise_loss, variance_loss
from .text_encoder import TextEncoder, TextShape
from .unet import UNet


class Miniature(nn.Module):
    """The text-to-image model in training."""

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        sizes = config.text
        shape = TextShape(vocabulary, config.unet.text, sizes.inner, sizes.layers, sizes.heads)
        self.unet = UNet(config.unet)
        self.text_encoder = TextEncoder(shape)

    def forward(
        self, schedule: Schedule, x: Tensor, ids: Tensor, t: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Losses of noise and variance of each picture, (B,) each.

        Args:
            schedule: The tables.
            x: Pictures, (B, 3, 64, 64) in [-1, 1].
            ids: Tokens of the captions, (B, 77).
            t: Timesteps, (B,).
            noise: Noise of the pictures' shape.
        """
        signal, level = (
            table[t][:, None, None, None] for table in (schedule.signal, schedule.noise)
        )
        noisy = signal * x + level * noise
        predicted, variance = self.unet(noisy, t, self.text_encoder(ids)).float().chunk(2, dim=1)
        return (
            noise_loss(schedule, predicted, noise, t),
            variance_loss(schedule, predicted, variance, noise, t),
        )


@torch.no_grad()
def sample(
    model: Miniature,
    schedule: Schedule,
    ids: Tensor,
    scale: float,
    generator: torch.Generator,
    stride: int = 30,
) -> Tensor:
    """Sample with guidance and the learned variance, in strided steps.

    Args:
        model: The model.
        schedule: The tables.
        ids: Tokens, (2 B, 77): those of the prompts, then those of empty ones.
        scale: Guidance scale.
        generator: Source of the noise.
        stride: Distance of the timesteps.

    Returns:
        (B, 3, 64, 64) in [-1, 1].
    """
    device = ids.device
    text = model.text_encoder(ids)
    x = torch.randn(len(ids) // 2, 3, 64, 64, device=device, generator=generator)
    steps = [*range(T - 10, 0, -stride), 0]
    for t, then in itertools.pairwise(steps):
        times = torch.full((len(ids),), t, device=device)
        out = model.unet(torch.cat([x, x]), times, text).float()
        (wanted, empty), (variance, _) = (part.chunk(2) for part in out.chunk(2, dim=1))
        predicted = empty + scale * (wanted - empty)
        mean, deviation = _reverse(schedule, x, predicted, variance, t, then)
        noise = torch.randn(x.shape, device=device, generator=generator)
        x = mean + deviation * noise if then else mean
    return x.clamp(-1, 1)


def _reverse(
    schedule: Schedule, x: Tensor, predicted: Tensor, variance: Tensor, t: int, then: int
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of a step from t to then (Nichol and Dhariwal 2021, eq. 9-15)."""
    product = schedule.signal.square()
    alpha, rest = product[t] / product[then], 1 - product[t]
    clean = ((x - schedule.noise[t] * predicted) / schedule.signal[t]).clamp(-1, 1)
    mean = product[then].sqrt() * (1 - alpha) / rest * clean
    mean = mean + alpha.sqrt() * (1 - product[then]) / rest * x
    low = ((1 - product[then]) / rest * (1 - alpha)).log()
    log_variance = low + (variance + 1) / 2 * ((1 - alpha).log() - low)
    return mean, torch.exp(0.5 * log_variance)
