"""The noise of one reverse step, with the variance that the model predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .errors import KitError

if TYPE_CHECKING:
    from diffusers import IFPipeline


def add_variance(
    stage_1: IFPipeline, predicted_variance: Tensor, t: int | Tensor, image: Tensor
) -> Tensor:
    r"""Add the noise of one reverse step to its mean.

    The model predicts where the log variance lies between its smallest and its largest sensible
    value (`variance_type="learned_range"`; Nichol and Dhariwal 2021, eq. 15). The step goes from
    `t` to the timestep after `t` in `stage_1.scheduler.timesteps`, so call
    `stage_1.scheduler.set_timesteps(timesteps=...)` before the loop.

    Args:
        stage_1: The pipeline; only its scheduler is used.
        predicted_variance: Last three channels of the UNet's output, (B, 3, 64, 64), about [-1, 1].
        t: Current (noisier) timestep, not the next one; 0 is clean, 999 is noise.
        image: Mean of the step, (B, 3, 64, 64).

    Returns:
        The noisier image, (B, 3, 64, 64), of the dtype and device of `image`.

    Raises:
        KitError: If `t` is no timestep of the scheduler, or the shapes differ.
    """
    timestep = int(t)
    if predicted_variance.shape != image.shape:
        raise KitError(
            f"add_variance: predicted_variance is {tuple(predicted_variance.shape)} and image is "
            f"{tuple(image.shape)}; both must be (B, 3, 64, 64): split the UNet's six channels"
        )
    if not bool((stage_1.scheduler.timesteps == timestep).any()):
        raise KitError(
            f"add_variance: t = {timestep} is not in stage_1.scheduler.timesteps; call "
            "stage_1.scheduler.set_timesteps(timesteps=timesteps) with the timesteps of the loop"
        )
    log_variance = stage_1.scheduler._get_variance(
        timestep, predicted_variance=predicted_variance
    ).to(image)
    return image + torch.exp(0.5 * log_variance) * torch.randn_like(image)
