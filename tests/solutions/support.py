"""A stand-in pipeline with a known UNet, and an independent reverse loop by diffusers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import Tensor

TIMESTEPS = list(range(990, -1, -30))
"""The course's schedule, written out independently of `strided_timesteps`."""

NoiseAndVariance = tuple[Tensor, Tensor]


def make_scheduler() -> DDPMScheduler:
    """Make DeepFloyd's scheduler, without the clipping that students' loops don't do."""
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        variance_type="learned_range",
        prediction_type="epsilon",
        thresholding=False,
        clip_sample=False,
    )


@dataclass
class KnownUNet:
    """A deterministic UNet whose output depends on x, t, the prompt and the position."""

    dtype: torch.dtype = torch.float32
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    calls: list[SimpleNamespace] = field(default_factory=list)

    def noise_and_variance(self, x: Tensor, t: int, embeds: Tensor) -> NoiseAndVariance:
        """Compute what the UNet would say: noise, then variance in (-1, 1)."""
        prompt = embeds.mean(dim=(1, 2)).view(-1, 1, 1, 1)
        row = torch.linspace(0, 1, x.shape[2], dtype=x.dtype).view(1, 1, -1, 1)
        noise = torch.tanh(0.7 * x + prompt) + 0.3 * row * torch.sin(3 * x) + t / 2000
        return noise, torch.tanh(x - row + 2 * prompt)

    def __call__(
        self, x: Tensor, t: int, *, encoder_hidden_states: Tensor, return_dict: bool
    ) -> tuple[Tensor]:
        """Answer as diffusers does, and note the call."""
        assert not return_dict
        assert len(encoder_hidden_states) == len(x)
        self.calls.append(
            SimpleNamespace(
                x=x, t=int(t), embeds=encoder_hidden_states, grad=torch.is_grad_enabled()
            )
        )
        return (torch.cat(self.noise_and_variance(x, t, encoder_hidden_states), dim=1),)


def make_stage(unet: Any = None) -> SimpleNamespace:
    """Make a stage_1 of the two parts that the course uses."""
    return SimpleNamespace(unet=KnownUNet() if unet is None else unet, scheduler=make_scheduler())


def prompt(value: float) -> Tensor:
    """Make a prompt embedding, (1, 77, 4), that the known UNet reads as `value`."""
    return torch.full((1, 77, 4), value)


def guided(unet: KnownUNet, x: Tensor, t: int, value: float, scale: float) -> NoiseAndVariance:
    """Guide by hand from the empty prompt (0) to a prompt: (1 - g) e_u + g e_c."""
    cond, variance = unet.noise_and_variance(x, t, prompt(value))
    uncond, _ = unet.noise_and_variance(x, t, prompt(0.0))
    return (1 - scale) * uncond + scale * cond, variance


def reference_loop(
    x: Tensor, timesteps: list[int], estimate: Callable[[Tensor, int], NoiseAndVariance]
) -> Tensor:
    """Run diffusers' own `step` from the first timestep to the last, without the last one's."""
    scheduler = make_scheduler()
    scheduler.set_timesteps(timesteps=timesteps)
    for t in timesteps[:-1]:
        output = torch.cat(estimate(x, t), dim=1)
        x = scheduler.step(output, t, x).prev_sample
    return x


def blur(x: Tensor, kernel_size: int, sigma: float) -> Tensor:
    """Blur by numpy in float64: mirror the borders, then weigh neighbours along each axis."""
    offsets = np.arange(kernel_size) - kernel_size // 2
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    values, half = x.double().numpy(), kernel_size // 2
    for axis in (2, 3):
        pad = [(half, half) if a == axis else (0, 0) for a in range(4)]
        padded, length = np.pad(values, pad, mode="reflect"), values.shape[axis]
        values = sum(
            w * padded.take(range(k, k + length), axis)
            for k, w in enumerate(weights / weights.sum())
        )
    return torch.from_numpy(values).to(x.dtype)
