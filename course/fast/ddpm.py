"""B 2 at full speed: training and sampling of the time- and class-conditioned DDPM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .stepping import WARM_UP, Stepper, batches, finite, make_adam, set_lr

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
) -> list[float]:
    """Trains as `solutions.training.train_ddpm` does; returns the loss of each batch.

    Args:
        unet: A `ClassConditionalUNet`, or a `TimeConditionalUNet` where `labels` is None.
        schedule: Of `ddpm_schedule`, on the device of the images.
        images: Digits, (N, 1, 28, 28), in [0, 1].
        labels: Their classes, (N,), or None.
        setting: Timesteps, batch size, epochs, learning rate, share of dropped classes.
        on_epoch: Called after each epoch with its number from 0 and its losses.

    Raises:
        TrainingError: A loss is not finite.
    """
    device = images.device
    unet.train().to(memory_format=torch.channels_last)
    alpha_bars = schedule["alpha_bars"]

    def loss(indices: Tensor) -> Tensor:
        x_0 = images[indices]
        # t ~ U{1, ..., T}, one for each picture
        t = torch.randint(1, setting.num_ts + 1, (len(x_0),), device=device)
        epsilon = torch.randn_like(x_0)
        bar = alpha_bars[t - 1].view(-1, 1, 1, 1)
        x_t = bar.sqrt() * x_0 + (1 - bar).sqrt() * epsilon
        time = t / setting.num_ts
        if labels is None:
            return F.mse_loss(unet(x_t, time).float(), epsilon)
        # the class is dropped with probability p_uncond
        mask = (torch.rand(len(x_0), device=device) >= setting.p_uncond).float()
        return F.mse_loss(unet(x_t, labels[indices], time, mask=mask).float(), epsilon)

    optimizer = make_adam(unet, setting.lr, device)
    stepper = Stepper(loss, unet, optimizer, setting.batch_size, device, setting.bf16)
    losses: list[float] = []
    for epoch in range(setting.num_epochs):
        set_lr(optimizer, setting.lr * 0.1 ** (epoch / setting.num_epochs))
        found = [stepper.step(i) for i in batches(len(images), setting.batch_size, device)]
        losses += finite(found, epoch)
        on_epoch(epoch, losses[-len(found) :])
        unet.train()
    return losses


@torch.no_grad()
def sample_fast(
    unet: nn.Module,
    schedule: Schedule,
    num_ts: int,
    count: int,
    labels: Tensor | None = None,
    guidance_scale: float = 5.0,
    bf16: bool = True,
    on_step: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Draws digits as `ddpm_sample` and `ddpm_sample_class` do (DDPM, algorithm 2).

    Args:
        unet: A `TimeConditionalUNet`, or a `ClassConditionalUNet` where there are labels.
        schedule: Of `ddpm_schedule`, on the device of the network.
        num_ts: Number of timesteps T.
        count: Number of pictures.
        labels: The digits to draw, (count,), or None.
        guidance_scale: Strength of classifier-free guidance; 1 is none.
        bf16: Computes convolutions in bfloat16.
        on_step: Called with t and x_{t-1} after each step.

    Returns:
        Pictures, (count, 1, 28, 28), float32, about [0, 1].
    """
    device = schedule["betas"].device
    unet.eval()
    x = torch.randn(count, 1, 28, 28, device=device)
    t = torch.full((1,), num_ts, device=device)
    step = _step(unet, schedule, num_ts, x, t, labels, guidance_scale, bf16)
    run = _graphed(step, x, t) if device.type == "cuda" else step
    for now in range(num_ts, 0, -1):
        t.fill_(now)
        run()
        if on_step is not None:
            on_step(now, x)
    return x


def _step(
    unet: nn.Module,
    schedule: Schedule,
    num_ts: int,
    x: Tensor,
    t: Tensor,
    labels: Tensor | None,
    guidance_scale: float,
    bf16: bool,
) -> Callable[[], None]:
    """One step from x_t to x_{t-1}, in place."""
    betas, alphas, bars = schedule["betas"], schedule["alphas"], schedule["alpha_bars"]
    before = torch.cat([torch.ones_like(bars[:1]), bars])
    keep = torch.cat([torch.zeros(len(x)), torch.ones(len(x))]).to(x.device)

    def predict() -> Tensor:
        time = (t / num_ts).expand(len(x))
        with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
            if labels is None:
                alone: Tensor = unet(x, time).float()
                return alone
            both = unet(x.repeat(2, 1, 1, 1), labels.repeat(2), time.repeat(2), mask=keep).float()
        uncond, cond = both.chunk(2)
        guided: Tensor = uncond + guidance_scale * (cond - uncond)
        return guided

    def step() -> None:
        beta, alpha, bar, bar_before = betas[t - 1], alphas[t - 1], bars[t - 1], before[t - 1]
        x_0 = (x - (1 - bar).sqrt() * predict()) / bar.sqrt()
        mean = bar_before.sqrt() * beta / (1 - bar) * x_0
        mean = mean + alpha.sqrt() * (1 - bar_before) / (1 - bar) * x
        x.copy_(mean + beta.sqrt() * torch.randn_like(x) * (t > 1))

    return step


def _graphed(step: Callable[[], None], x: Tensor, t: Tensor) -> Callable[[], None]:
    first, start = x.clone(), t.clone()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    x.copy_(first)
    t.copy_(start)
    return graph.replay
