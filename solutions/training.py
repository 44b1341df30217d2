"""Exercises B 1.2 and B 2.5: training the single-step denoiser and the class-conditional DDPM."""

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from solutions.ddpm import ddpm_forward_class

if TYPE_CHECKING:
    from collections.abc import Iterable


def add_noise(x: Tensor, sigma: float) -> Tensor:
    """Add Gaussian noise: z = x + sigma epsilon, with epsilon ~ N(0, I).

    Args:
        x: Clean images, (N, 1, H, W), in [0, 1]. They are not changed.
        sigma: Standard deviation of the noise, 0 or more.

    Returns:
        Noisy images z, (N, 1, H, W), on the device and in the dtype of `x`; not clipped.
    """
    # torch.randn_like draws epsilon.
    ### BEGIN SOLUTION
    return x + sigma * torch.randn_like(x)
    ### END SOLUTION


def train_denoiser(
    unet: nn.Module,
    loader: "Iterable[tuple[Tensor, Tensor]]",
    sigma: float,
    num_epochs: int,
    lr: float,
) -> list[float]:
    """Train a denoiser D by the loss || D(z) - x ||^2 (mean over pixels), with Adam.

    Args:
        unet: Denoiser, called as `unet(z)`; trained in place, in train mode, on its own device.
        loader: Gives batches (x, label), x (N, 1, H, W), in [0, 1]; gone through once an epoch.
        sigma: Standard deviation of the noise that `add_noise` draws afresh for every batch.
        num_epochs: Number of epochs.
        lr: Learning rate of Adam.

    Returns:
        Loss of every batch, in order.
    """
    # One optimizer for all epochs; zero_grad, backward and step for every batch.
    ### BEGIN SOLUTION
    device = next(unet.parameters()).device
    optimizer = torch.optim.Adam(unet.parameters(), lr=lr)
    unet.train()
    losses = []
    for _ in tqdm(range(num_epochs), desc="epochs"):
        for x, _label in loader:
            x = x.to(device)
            loss = F.mse_loss(unet(add_noise(x, sigma)), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
    ### END SOLUTION


def train_ddpm(
    unet: nn.Module,
    schedule: dict[str, Tensor],
    loader: "Iterable[tuple[Tensor, Tensor]]",
    num_ts: int,
    num_epochs: int,
    lr: float,
    p_uncond: float,
) -> list[float]:
    """Train a class-conditional DDPM by `ddpm_forward_class`, with Adam and a decaying rate.

    The learning rate is multiplied by 0.1 ** (1 / num_epochs) after each epoch (ExponentialLR),
    so that it ends at a tenth of `lr`.

    Args:
        unet: Noise predictor; trained in place, in train mode, on its own device.
        schedule: Result of `ddpm_schedule(..., num_ts)`, on any device.
        loader: Gives batches (x, c), x (N, 1, H, W), in [0, 1], and c (N,), int64; gone through
            once an epoch.
        num_ts: Number of timesteps T.
        num_epochs: Number of epochs.
        lr: Learning rate of Adam in the first epoch.
        p_uncond: Probability that an image's class is dropped, in [0, 1].

    Returns:
        Loss of every batch, in order.
    """
    # The scheduler of the learning rate steps once an epoch, not once a batch.
    ### BEGIN SOLUTION
    device = next(unet.parameters()).device
    optimizer = torch.optim.Adam(unet.parameters(), lr=lr)
    decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.1 ** (1 / num_epochs))
    unet.train()
    losses = []
    for _ in tqdm(range(num_epochs), desc="epochs"):
        for x, c in loader:
            x, c = x.to(device), c.to(device)
            loss = ddpm_forward_class(unet, schedule, x, c, p_uncond, num_ts)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        decay.step()
    return losses
    ### END SOLUTION
