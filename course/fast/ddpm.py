"""B 2 at full speed: training the time- and class-conditioned DDPM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .resume import Checkpoint
from .stepping import Noised, finite, make_trainer, shuffled

Schedule = dict[str, Tensor]


@dataclass(frozen=True)
class DDPMSetting:
    """Settings of sections B 2.2 and B 2.5, the course's values as defaults."""

    num_ts: int = 400
    batch_size: int = 128
    num_epochs: int = 20
    lr: float = 1e-3
    p_uncond: float = 0.1
    bf16: bool = True


def train_ddpm_fast(
    unet: nn.Module,
    schedule: Schedule,
    images: Tensor,
    labels: Tensor | None,
    setting: DDPMSetting,
    on_epoch: Callable[[int, list[float]], None] = lambda _epoch, _losses: None,
    checkpoint: Checkpoint | None = None,
) -> list[float]:
    """Trains as `solutions.training.train_ddpm` does; returns the loss of each batch.

    Args:
        unet: A `ClassConditionalUNet`, or a `TimeConditionalUNet` where `labels` is None.
        schedule: Of `ddpm_schedule`, on the device of the images.
        images: Digits, (N, 1, 28, 28), in [0, 1].
        labels: Their classes, (N,), or None.
        setting: Sizes and rates.
        on_epoch: Called after each epoch with its number from 0 and its losses.
        checkpoint: Where the training is kept, and goes on from.

    Raises:
        TrainingError: A loss is not finite.
    """
    unet.train()

    def prepare(indices: Tensor) -> Noised:
        return noised(images, labels, schedule, indices, setting)

    trainer = make_trainer(unet, prepare, setting.batch_size, setting.lr, setting.bf16)
    device, count = images.device, len(images)
    losses = checkpoint.load(unet, trainer, device) if checkpoint else []
    for epoch in range(len(losses) // -(-count // setting.batch_size), setting.num_epochs):
        rate = setting.lr * 0.1 ** (epoch / setting.num_epochs)
        found = finite(trainer.epoch(shuffled(count, device), rate), epoch)
        losses += found
        on_epoch(epoch, found)
        unet.train()
        if checkpoint:
            checkpoint.save(unet, trainer, losses, device)
    return losses


def noised(
    images: Tensor, labels: Tensor | None, schedule: Schedule, indices: Tensor, setting: DDPMSetting
) -> Noised:
    """Noisy pictures and what is to be predicted (DDPM, algorithm 1, lines 2 to 4).

    Args:
        images: Digits, (N, 1, 28, 28), in [0, 1].
        labels: Their classes, (N,), or None.
        schedule: Of `ddpm_schedule`, on the device of the images.
        indices: Which pictures, (n,).
        setting: Timesteps and share of dropped classes.
    """
    x_0 = images[indices]
    device, count = x_0.device, len(x_0)
    # t ~ U{1, ..., T}, one for each picture
    t = torch.randint(1, setting.num_ts + 1, (count,), device=device)
    epsilon = torch.randn_like(x_0)
    bar = schedule["alpha_bars"][t - 1].view(-1, 1, 1, 1)
    x_t = bar.sqrt() * x_0 + (1 - bar).sqrt() * epsilon
    if labels is None:
        return Noised(x_t, epsilon, t / setting.num_ts)
    # the class is dropped with probability p_uncond
    mask = (torch.rand(count, device=device) >= setting.p_uncond).float()
    return Noised(x_t, epsilon, t / setting.num_ts, labels[indices], mask)
