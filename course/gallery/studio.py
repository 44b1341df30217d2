"""What every figure of the gallery needs: the model, embeddings, pictures, batches of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import kit
import torch
from kit import Stroke
from torch import Tensor

from solutions.illusions import make_hybrids, visual_anagrams
from solutions.sampling import iterative_denoise, iterative_denoise_cfg, strided_timesteps

from .seeds import SEED, PictureSeeds

SCALE = 7.0
"""Guidance scale of the course."""

LEVELS = (1, 3, 5, 7, 10, 20)
"""The values of i_start for image-to-image translation."""

Combine = Callable[..., Tensor]


@dataclass
class Studio:
    """The model with what is fixed for all figures.

    Attributes:
        stage_1: A diffusers `IFPipeline`.
        timesteps: Strided timesteps of all loops.
    """

    stage_1: Any
    timesteps: list[int] = field(default_factory=strided_timesteps)
    _known: dict[str, Tensor] = field(default_factory=dict)

    @property
    def alphas_cumprod(self) -> Tensor:
        """Return alpha_bar at every timestep, (1000,)."""
        alphas_cumprod: Tensor = self.stage_1.scheduler.alphas_cumprod
        return alphas_cumprod

    def embed(self, *prompts: str) -> Tensor:
        """Return the embeddings of prompts, (N, 77, d); each is encoded once."""
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._known]
        if new:
            self._known |= kit.embed(new, self.stage_1)
        return torch.cat([self._known[prompt] for prompt in prompts])

    def load(self, name: str) -> Tensor:
        """Return a picture of the course, (1, 3, 64, 64), in [-1, 1], on the model's device."""
        return self.place(kit.process_pil_im(kit.load_image(name)))

    def place(self, x: Tensor) -> Tensor:
        """Bring a tensor to the model's device."""
        return x.to(self.stage_1.unet.device)

    def samples(self, prompts: Sequence[str], seeds: Sequence[int]) -> Tensor:
        """Draw one unguided picture for each prompt and seed, (N, 3, 64, 64)."""
        with PictureSeeds(seeds) as drawn:
            noise = self.place(drawn.noise(3, 64, 64))
            embeds = self.embed(*prompts)
            return iterative_denoise(self.stage_1, noise, 0, embeds, self.timesteps)

    def guided(self, prompts: Sequence[str], seeds: Sequence[int], scale: float = SCALE) -> Tensor:
        """Draw one guided picture for each prompt and seed, (N, 3, 64, 64)."""
        with PictureSeeds(seeds) as drawn:
            noise = self.place(drawn.noise(3, 64, 64))
            return iterative_denoise_cfg(
                self.stage_1, noise, 0, self.embed(*prompts), self.embed(""), self.timesteps, scale
            )

    def anagrams(self, upright: str, flipped: str, seeds: Sequence[int]) -> Tensor:
        """Draw anagrams of two prompts, (number of seeds, 3, 64, 64)."""
        return self._combined(visual_anagrams, upright, flipped, seeds)

    def hybrids(self, far: str, near: str, seeds: Sequence[int]) -> Tensor:
        """Draw hybrids of two prompts, (number of seeds, 3, 64, 64)."""
        return self._combined(make_hybrids, far, near, seeds)

    def _combined(self, combine: Combine, first: str, second: str, seeds: Sequence[int]) -> Tensor:
        pair = (self.embed(first), self.embed(second))
        with PictureSeeds(seeds) as drawn:
            noise = self.place(drawn.noise(3, 64, 64))
            return combine(self.stage_1, noise, 0, pair, self.embed(""), self.timesteps, SCALE)


def luck(count: int) -> list[int]:
    """Return the first seeds of the course."""
    return [SEED + number for number in range(count)]


def drawn_rocket() -> Tensor:
    """Return the notebook's drawing in code, (1, 3, 64, 64), in [-1, 1]."""
    hull = [(0.35, 0.75), (0.35, 0.4), (0.5, 0.1), (0.65, 0.4), (0.65, 0.75)]
    return kit.process_pil_im(
        kit.drawing(
            [
                Stroke(hull, "red", fill=True),
                Stroke([(0.35, 0.6), (0.2, 0.8), (0.35, 0.75)], "navy", fill=True),
                Stroke([(0.65, 0.6), (0.8, 0.8), (0.65, 0.75)], "navy", fill=True),
                Stroke([(0.4, 0.75), (0.5, 0.97), (0.6, 0.75)], "orange", fill=True),
                Stroke([(0.5, 0.42), (0.5, 0.43)], "lightblue", width=0.14),
            ]
        )
    )
