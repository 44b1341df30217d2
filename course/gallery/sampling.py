"""Figures of A 0 to A 1.6: from noise to pictures."""

from __future__ import annotations

from pathlib import Path

import kit
import torch
from torch import Tensor

from solutions.sampling import classical_denoise, forward, iterative_denoise, one_step_denoise

from .choices import GENERIC, PLAY, SCALES, SCALES_PROMPTS
from .layout import wrapped
from .seeds import SEED, PictureSeeds
from .studio import Studio, luck

NOISE_LEVELS = (250, 500, 750)
I_START = 10
SHOW_EVERY = 5


def steps(studio: Studio, path: Path) -> None:
    """A 0: three prompts through the pipeline's own sampler, with more and more steps."""
    rows = {}
    for count in (5, 10, 100):
        images = studio.stage_1(
            prompt_embeds=studio.embed(*PLAY),
            negative_prompt_embeds=studio.embed(*[""] * len(PLAY)),
            num_inference_steps=count,
            generator=torch.Generator().manual_seed(SEED),
            output_type="pt",
        ).images
        rows[f"{count} steps"] = 2 * images - 1
    kit.show_rows(rows, [wrapped(prompt, 14) for prompt in PLAY], path=path)


def noising(studio: Studio, path: Path) -> None:
    """A 1.1: the test picture under growing noise."""
    titles = ["clean", *(f"t = {t}" for t in NOISE_LEVELS)]
    kit.show_images([studio.load("draw_house"), *_noisy(studio).values()], titles, path=path)


def blurring(studio: Studio, path: Path) -> None:
    """A 1.2: noisy and blurred."""
    noisy = _noisy(studio)
    rows = {
        "noisy": list(noisy.values()),
        "blurred\n(σ = 2)": [classical_denoise(x) for x in noisy.values()],
    }
    kit.show_rows(rows, [f"t = {t}" for t in NOISE_LEVELS], path=path)


def one_step(studio: Studio, path: Path) -> None:
    """A 1.3: original, noisy, and the UNet's estimate in one step."""
    noisy, embeds = _noisy(studio), studio.embed(GENERIC)
    rows = {
        "original": [studio.load("draw_house")] * len(NOISE_LEVELS),
        "noisy": list(noisy.values()),
        "one step": [one_step_denoise(studio.stage_1, x, t, embeds) for t, x in noisy.items()],
    }
    kit.show_rows(rows, [f"t = {t}" for t in NOISE_LEVELS], path=path)


def walk(studio: Studio, path: Path) -> None:
    """A 1.4: every fifth step of the way back from t = 690."""
    pictures = _walk(studio)
    kit.show_images(
        list(pictures.values()), [f"t = {t}" for t in pictures], columns=len(pictures), path=path
    )


def comparison(studio: Studio, path: Path) -> None:
    """A 1.4: original, noisy, iterative, one-step and blurred side by side."""
    pictures = list(_walk(studio).values())
    noisy, start = pictures[0], studio.timesteps[I_START]
    estimate = one_step_denoise(studio.stage_1, noisy, start, studio.embed(GENERIC))
    kit.show_images(
        [studio.load("draw_house"), noisy, pictures[-1], estimate, classical_denoise(noisy)],
        ["original", f"noisy, t = {start}", "iterative", "one step", "blurred"],
        path=path,
    )


def unguided(studio: Studio, path: Path) -> None:
    """A 1.5: five samples of the generic prompt."""
    samples = studio.samples([GENERIC] * 5, luck(5))
    kit.show_images(samples, [f"sample {number + 1}" for number in range(5)], path=path)


def guided(studio: Studio, path: Path) -> None:
    """A 1.6: the same five seeds with guidance, below those without."""
    prompts = [GENERIC] * 5
    rows = {
        "without\nguidance": studio.samples(prompts, luck(5)),
        "guidance 7": studio.guided(prompts, luck(5)),
    }
    kit.show_rows(rows, [f"sample {number + 1}" for number in range(5)], path=path)


def scales(studio: Studio, path: Path) -> None:
    """A 1.6: the same noise under growing guidance."""
    seeds = [SEED] * len(SCALES_PROMPTS)
    by_scale = [studio.guided(SCALES_PROMPTS, seeds, scale) for scale in SCALES]
    rows = {
        wrapped(prompt): [images[number] for images in by_scale]
        for number, prompt in enumerate(SCALES_PROMPTS)
    }
    kit.show_rows(rows, [f"scale {scale}" for scale in SCALES], path=path)


def _noisy(studio: Studio) -> dict[int, Tensor]:
    """The test picture at the noise levels, by level, each with noise of its own."""
    image = studio.load("draw_house")
    with PictureSeeds([SEED]):
        return {t: forward(image, t, studio.alphas_cumprod) for t in NOISE_LEVELS}


def _walk(studio: Studio) -> dict[int, Tensor]:
    """The test picture noised to the start and denoised, by timestep, every fifth kept."""
    timesteps, embeds = studio.timesteps, studio.embed(GENERIC)
    with PictureSeeds([SEED]):
        x = forward(studio.load("draw_house"), timesteps[I_START], studio.alphas_cumprod)
        pictures = {timesteps[I_START]: x}
        for i in range(I_START, len(timesteps) - 1, SHOW_EVERY):
            stop = min(i + SHOW_EVERY, len(timesteps) - 1)
            x = iterative_denoise(studio.stage_1, x, i, embeds, timesteps[: stop + 1])
            pictures[timesteps[stop]] = x
    return pictures
