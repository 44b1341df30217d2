"""A pipeline whose UNet knows the answer: it sees the noise in an image of a known picture.

For each prompt there is a picture. The noise that it reports is the one that leads from the
picture to the image it is given, so a right sampler ends at that picture, whatever it starts from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from .expect import Wrong, require

TIMESTEPS = [990 - 30 * step for step in range(34)]
UNCOND, PROMPT, OTHER = 0, 1, 2
"""Codes of the empty prompt, of the prompt, and of a second one."""

VARIANCE = {UNCOND: 1.0, PROMPT: -1.0, OTHER: -1.0}
"""What the UNet puts into the variance channels, by prompt."""


def embedding(code: int) -> Tensor:
    """Return stand-in embeddings of a prompt, (1, 77, 8)."""
    return torch.full((1, 77, 8), float(code))


@dataclass(frozen=True)
class Seen:
    """One image that the UNet was given: (3, 64, 64), its timestep and its prompt's code."""

    sample: Tensor
    t: int
    code: int


class FakeUNet(nn.Module):
    """The UNet of the stand-in pipeline; keeps what it was given in `seen`."""

    def __init__(self, alphas_cumprod: Tensor, pictures: Mapping[int, Tensor]) -> None:
        super().__init__()
        # A parameter, so that results carry gradients where they are recorded.
        self.zero = nn.Parameter(torch.zeros(()))
        self.table = alphas_cumprod
        self.pictures = dict(pictures)
        self.seen: list[Seen] = []
        self.device = torch.device("cpu")
        self.dtype = torch.float32
        self.config = SimpleNamespace(in_channels=3, out_channels=6, sample_size=64)

    def forward(
        self,
        sample: Tensor,
        timestep: Any,
        encoder_hidden_states: Tensor | None = None,
        return_dict: bool = True,
        **_: Any,
    ) -> Any:
        """Return noise and variance, (B, 6, 64, 64), as the pipeline's UNet does."""
        if encoder_hidden_states is None:
            raise Wrong("the UNet was called without encoder_hidden_states=the prompt's embeddings")
        require(
            sample.dim() == 4 and sample.shape[1:] == (3, 64, 64),
            f"the UNet was given an image of shape {tuple(sample.shape)}, not (B, 3, 64, 64)",
        )
        require(
            len(encoder_hidden_states) == len(sample),
            f"the UNet was given {len(sample)} images but {len(encoder_hidden_states)} embeddings",
        )
        times = torch.as_tensor(timestep).reshape(-1).expand(len(sample)).tolist()
        codes = [round(float(row.mean())) for row in encoder_hidden_states]
        outputs = []
        for row, t, code in zip(sample, times, codes, strict=True):
            self.seen.append(Seen(row.detach().clone(), int(t), code))
            outputs.append(self._answer(row, int(t), code))
        output = torch.stack(outputs) + self.zero
        return _Output(output) if return_dict else (output,)

    def _answer(self, row: Tensor, t: int, code: int) -> Tensor:
        signal = self.table[t]
        picture = self.pictures.get(code, torch.zeros(3, 64, 64))
        noise = (row - signal**0.5 * picture) * (1 - signal) ** -0.5
        variance = torch.full_like(row, VARIANCE.get(code, 0.0))
        return torch.cat([noise, variance])


@dataclass
class _Output:
    sample: Tensor

    def __getitem__(self, index: int) -> Tensor:
        return (self.sample,)[index]


@dataclass
class FakeStage:
    """The stand-in pipeline.

    Attributes:
        unet: See `FakeUNet`.
        scheduler: A real `DDPMScheduler` with DeepFloyd's schedule.
        variances: (t, mean of predicted_variance) of each call of `add_variance`.
    """

    unet: FakeUNet
    scheduler: Any
    variances: list[tuple[int, float]] = field(default_factory=list)

    @property
    def steps(self) -> list[list[Seen]]:
        """What the UNet saw, one list for each visited timestep."""
        grouped: list[list[Seen]] = []
        for seen in self.unet.seen:
            if grouped and grouped[-1][0].t == seen.t:
                grouped[-1].append(seen)
            else:
                grouped.append([seen])
        return grouped


def fake_stage(pictures: Mapping[int, Tensor]) -> FakeStage:
    """Make a stand-in pipeline for pictures, (3, 64, 64) each, by the code of their prompt."""
    from diffusers import DDPMScheduler

    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    stage = FakeStage(FakeUNet(scheduler.alphas_cumprod, pictures), scheduler)
    original = scheduler._get_variance

    def logged(t: Any, predicted_variance: Tensor, **kwargs: Any) -> Tensor:
        stage.variances.append((int(t), float(predicted_variance.float().mean())))
        return torch.as_tensor(original(t, predicted_variance=predicted_variance, **kwargs))

    scheduler._get_variance = logged
    return stage


def gradient_picture() -> Tensor:
    """Return a picture without any symmetry, (3, 64, 64), in [-0.6, 0.6]."""
    rows = torch.linspace(-0.4, 0.4, 64)[:, None]
    columns = torch.linspace(-0.2, 0.2, 64)[None, :]
    plane = rows + columns
    return torch.stack([plane, 0.5 * plane, plane.abs()])


def flat_picture(value: float) -> Tensor:
    """Return a picture of one value, (3, 64, 64)."""
    return torch.full((3, 64, 64), value)


def noisy(stage: FakeStage, picture: Tensor, t: int, count: int = 1) -> Tensor:
    """Return a picture at timestep t, (count, 3, 64, 64)."""
    noise = torch.randn(count, *picture.shape)
    times = torch.full((count,), t)
    clean = picture.expand(count, -1, -1, -1)
    return torch.as_tensor(stage.scheduler.add_noise(clean, noise, times))
