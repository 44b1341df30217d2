"""B 1.2 at full speed: the single-step denoiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .resume import Checkpoint
from .stepping import Noised, finite, make_trainer, shuffled


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
    checkpoint: Checkpoint | None = None,
) -> list[float]:
    """Trains as `solutions.training.train_denoiser` does; returns the loss of each batch.

    Args:
        unet: An `UnconditionalUNet` on the device of the images.
        images: Clean digits, (N, 1, 28, 28), in [0, 1].
        setting: Noise level, batch size, epochs, learning rate.
        on_epoch: Called after each epoch with its number from 0 and its losses.
        checkpoint: Where the training is kept, and goes on from.

    Raises:
        TrainingError: A loss is not finite.
    """
    unet.train()

    def prepare(indices: Tensor) -> Noised:
        x = images[indices]
        return Noised(x + setting.sigma * torch.randn_like(x), x)

    trainer = make_trainer(unet, prepare, setting.batch_size, setting.lr, setting.bf16)
    device = images.device
    losses = checkpoint.load(unet, trainer, device) if checkpoint else []
    per_epoch = -(-len(images) // setting.batch_size)
    for epoch in range(len(losses) // per_epoch, setting.num_epochs):
        order = shuffled(len(images), device)
        found = finite(trainer.epoch(order, setting.lr), epoch)
        losses += found
        on_epoch(epoch, found)
        unet.train()
        if checkpoint:
            checkpoint.save(unet, trainer, losses, device)
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
