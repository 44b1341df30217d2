"""Samples in large batches, by the course's own reference functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from solutions.illusions import make_hybrids, visual_anagrams
from solutions.sampling import iterative_denoise_cfg, strided_timesteps

SCALE = 7.0
"""Guidance scale of the course."""

Pair = tuple[str, str]


@dataclass
class Painter:
    """A model that draws what it is asked for, batch after batch.

    Attributes:
        stage_1: A diffusers `IFPipeline` with a text encoder.
        batch_size: Pictures at a time.
        timesteps: Strided timesteps of all loops.
    """

    stage_1: Any
    batch_size: int = 8
    timesteps: list[int] = field(default_factory=strided_timesteps)
    _known: dict[str, Tensor] = field(default_factory=dict)

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Embeddings of prompts, (N, 77, d), as the pipeline makes them; each is encoded once."""
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._known]
        with torch.no_grad():
            for start in range(0, len(new), 64):
                chunk = new[start : start + 64]
                made, _ = self.stage_1.encode_prompt(chunk, do_classifier_free_guidance=False)
                # On the CPU: all names at 77 tokens would fill a small GPU.
                self._known |= {
                    prompt: row[None].cpu() for prompt, row in zip(chunk, made, strict=True)
                }
        device = self.stage_1.unet.device
        return torch.cat([self._known[prompt] for prompt in prompts]).to(device)

    def guided(self, prompts: Sequence[str], seed: int, scale: float = SCALE) -> Tensor:
        """One picture a prompt, (N, 3, 64, 64) on the CPU, in [-1, 1] up to rounding."""

        def draw(noise: Tensor, chunk: slice) -> Tensor:
            return iterative_denoise_cfg(
                self.stage_1,
                noise,
                0,
                self.embed(prompts[chunk]),
                self.embed([""]),
                self.timesteps,
                scale,
            )

        return self._in_batches(draw, len(prompts), seed)

    def anagrams(self, pairs: Sequence[Pair], seed: int) -> Tensor:
        """One anagram a pair (upright, upside down), (N, 3, 64, 64) on the CPU."""
        return self._in_pairs(visual_anagrams, pairs, seed)

    def hybrids(self, pairs: Sequence[Pair], seed: int) -> Tensor:
        """One hybrid a pair (far, near), (N, 3, 64, 64) on the CPU."""
        return self._in_pairs(make_hybrids, pairs, seed)

    def _in_pairs(self, combine: Callable[..., Tensor], pairs: Sequence[Pair], seed: int) -> Tensor:
        def draw(noise: Tensor, chunk: slice) -> Tensor:
            embeds = tuple(self.embed(list(side)) for side in zip(*pairs[chunk], strict=True))
            return combine(self.stage_1, noise, 0, embeds, self.embed([""]), self.timesteps, SCALE)

        return self._in_batches(draw, len(pairs), seed)

    def _in_batches(self, draw: Callable[[Tensor, slice], Tensor], count: int, seed: int) -> Tensor:
        """Draw in batches, each with a seed of its own that depends on its place alone."""
        device = self.stage_1.unet.device
        pictures = []
        for start in range(0, count, self.batch_size):
            torch.manual_seed(seed * 100_003 + start)
            chunk = slice(start, min(start + self.batch_size, count))
            noise = torch.randn(chunk.stop - start, 3, 64, 64, device=device)
            pictures.append(draw(noise, chunk).float().cpu().clamp(-1, 1))
        return torch.cat(pictures)
