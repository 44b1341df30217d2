"""B 1.2 at full speed: the single-step denoiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .stepping import Stepper, batches, finite, make_adam


@dataclass(frozen=True)
class DenoiserSetting:
    """Settings of section B 1.2.1, the course's values as defaults."""

    sigma: float = 0.5
    batch_size: int = 256
    num_epochs: int = 5
    lr: float = 1e-4
    bf16: bool = True


def train_denoiser_fast(
    unet: nn.Module,
    images: Tensor,
    setting: DenoiserSetting,
    on_epoch: Callable[[int, list[float]], None] = lambda _epoch, _losses: None,
) -> list[float]:
    """Trains as `solutions.training.train_denoiser` does; returns the loss of each batch.

    Args:
        unet: An `UnconditionalUNet` on the device of the images.
        images: Clean digits, (N, 1, 28, 28), in [0, 1].
        setting: Noise level, batch size, epochs, learning rate.
        on_epoch: Called after each epoch with its number from 0 and its losses.

    Raises:
        TrainingError: A loss is not finite.
    """
    device = images.device
    unet.train().to(memory_format=torch.channels_last)

    def loss(indices: Tensor) -> Tensor:
        x = images[indices]
        z = x + setting.sigma * torch.randn_like(x)
        return F.mse_loss(unet(z).float(), x)

    optimizer = make_adam(unet, setting.lr, device)
    stepper = Stepper(loss, unet, optimizer, setting.batch_size, device, setting.bf16)
    losses: list[float] = []
    for epoch in range(setting.num_epochs):
        found = [stepper.step(i) for i in batches(len(images), setting.batch_size, device)]
        losses += finite(found, epoch)
        on_epoch(epoch, losses[-len(found) :])
        unet.train()
    return losses


@torch.no_grad()
def denoiser_mse(unet: nn.Module, images: Tensor, sigma: float, batch_size: int = 1000) -> float:
    """Mean squared error of the denoised pictures over a test set, in evaluation mode.

    Args:
        unet: The denoiser; it is left in evaluation mode.
        images: Clean digits, (N, 1, 28, 28), in [0, 1].
        sigma: Noise level.
        batch_size: Pictures at a time.
    """
    unet.eval()
    total = 0.0
    for x in images.split(batch_size):
        total += float(((unet(x + sigma * torch.randn_like(x)) - x) ** 2).sum())
    return total / images.numel()
