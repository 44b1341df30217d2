"""Earlier exercises of Part A, served to answers that build on them.

They are written as closed forms in float64 and run on the `FakeStage` of the check, so its log
shows the same whether an answer calls them or writes the loop itself.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .base import CallRefusedError
from .stage import FakeStage

# A loop that is longer than any course schedule would only keep the grader busy.
MOST_STEPS, MOST_PICTURES = 100, 16


def gaussian_blur(im: Tensor, kernel_size: int, sigma: float) -> Tensor:
    """Gaussian blur with reflected borders, as torchvision's; float64.

    Args:
        im: Pictures, (B, C, H, W), with H and W above kernel_size // 2.
        kernel_size: Width of the kernel in pixels; odd.
        sigma: Standard deviation in pixels.
    """
    half = kernel_size // 2
    offsets = torch.arange(-half, half + 1, dtype=torch.float64)
    kernel = (-0.5 * (offsets / sigma) ** 2).exp()
    kernel = kernel / kernel.sum()
    padded = F.pad(im.double(), [half, half, half, half], mode="reflect")
    rows = torch.einsum("bchwk,k->bchw", padded.unfold(3, kernel_size, 1), kernel)
    both: Tensor = torch.einsum("bchwk,k->bchw", rows.unfold(2, kernel_size, 1), kernel)
    return both


class Earlier:
    """Right answers to A 1.1 to 1.4 and 1.6, on one `FakeStage`.

    Args:
        stage: Where their loops run.
        seed: Of the noise of `forward`.
    """

    def __init__(self, stage: FakeStage, seed: int = 0) -> None:
        self.stage = stage
        # Far from the seeds of checks, so that nothing correlates with an answer's own draws.
        self.generator = torch.Generator().manual_seed(seed + 5000)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions by the names of their exercises, for `Subject.serve`."""
        return {
            "forward": self.forward,
            "classical_denoise": self.classical_denoise,
            "one_step_denoise": self.one_step_denoise,
            "cfg_noise": self.cfg_noise,
            "iterative_denoise": self.iterative_denoise,
            "iterative_denoise_cfg": self.iterative_denoise_cfg,
        }

    def forward(self, im: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
        """A picture, noised to timestep t; DDPM, eq. 4."""
        bar = torch.as_tensor(alphas_cumprod)[int(t)].double()
        noise = torch.randn(im.shape, generator=self.generator, dtype=torch.float64)
        noisy: Tensor = (bar.sqrt() * im.double() + (1 - bar).sqrt() * noise).to(im.dtype)
        return noisy

    def classical_denoise(
        self, im_noisy: Tensor, kernel_size: int = 5, sigma: float = 2.0
    ) -> Tensor:
        """A blurred picture."""
        return gaussian_blur(im_noisy, int(kernel_size), float(sigma)).to(im_noisy.dtype)

    def one_step_denoise(
        self, stage_1: FakeStage, im_noisy: Tensor, t: int, prompt_embeds: Tensor
    ) -> Tensor:
        """The clean estimate of one pass; DDPM, eq. 15."""
        if stage_1 is not self.stage:
            raise CallRefusedError("one_step_denoise takes stage_1")
        bar = self.stage.alphas_cumprod.double()[int(t)]
        noise = self._ask(im_noisy, int(t), prompt_embeds)[:, :3].double()
        clean: Tensor = (im_noisy.double() - (1 - bar).sqrt() * noise) / bar.sqrt()
        return clean.to(im_noisy.dtype)

    def cfg_noise(self, noise_uncond: Tensor, noise_cond: Tensor, scale: float) -> Tensor:
        """Guided noise; Ho and Salimans 2022."""
        guided: Tensor = (1 - scale) * noise_uncond + scale * noise_cond
        return guided

    def iterative_denoise(
        self,
        stage_1: FakeStage,
        im_noisy: Tensor,
        i_start: int,
        prompt_embeds: Tensor,
        timesteps: list[int],
    ) -> Tensor:
        """The reverse loop without guidance."""
        return self._denoise(stage_1, im_noisy, i_start, [prompt_embeds], timesteps, [1.0])

    def iterative_denoise_cfg(
        self,
        stage_1: FakeStage,
        im_noisy: Tensor,
        i_start: int,
        prompt_embeds: Tensor,
        uncond_prompt_embeds: Tensor,
        timesteps: list[int],
        scale: float = 7,
    ) -> Tensor:
        """The reverse loop with guidance."""
        captions = [prompt_embeds, uncond_prompt_embeds]
        return self._denoise(stage_1, im_noisy, i_start, captions, timesteps, [scale, 1 - scale])

    def _denoise(
        self,
        stage_1: FakeStage,
        image: Tensor,
        i_start: int,
        captions: list[Tensor],
        timesteps: list[int],
        weights: list[float],
    ) -> Tensor:
        steps = [int(t) for t in timesteps]
        if stage_1 is not self.stage or len(steps) > MOST_STEPS or len(image) > MOST_PICTURES:
            raise CallRefusedError("the loop takes stage_1, up to 16 pictures and 100 timesteps")
        bars = self.stage.alphas_cumprod.double()
        self.stage.answer("set_timesteps", [steps], {})
        for t, prev_t in pairwise(steps[int(i_start) :]):
            outputs = [self._ask(image, t, caption) for caption in captions]
            noise = sum(w * out[:, :3].double() for w, out in zip(weights, outputs, strict=True))
            alpha = bars[t] / bars[prev_t]
            mean = (image.double() - (1 - alpha) / (1 - bars[t]).sqrt() * noise) / alpha.sqrt()
            arguments = [outputs[0][:, 3:], t, mean.to(image.dtype)]
            image = self.stage.answer("add_variance", arguments, {})
        return image

    def _ask(self, image: Tensor, t: int, caption: Tensor) -> Tensor:
        captions = caption.expand(len(image), -1, -1)
        answer: Tensor = self.stage.answer(
            "unet", [image, t, captions], {"grad": False, "extra": []}
        )
        return answer
