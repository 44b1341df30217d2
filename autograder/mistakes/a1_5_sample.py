"""Known mistakes of `sample`."""

from __future__ import annotations

from autograder.bank import Mistake

DRAW = "torch.randn(num_images, 3, 64, 64)"
ANSWER = "return iterative_denoise(stage_1, noise, 0, prompt_embeds, timesteps)"

MISTAKES = (
    Mistake(
        "uniform-noise",
        "Sampling starts from uniform noise.",
        "torch.rand is uniform, torch.randn is normal.",
        ((DRAW, "torch.rand(num_images, 3, 64, 64)"),),
    ),
    Mistake(
        "noise-in-the-range-of-images",
        "Sampling starts from uniform noise in [-1, 1].",
        "At the last timestep pictures are normal, with mean 0 and variance 1.",
        ((DRAW, "(2 * torch.rand(num_images, 3, 64, 64) - 1)"),),
    ),
    Mistake(
        "clipped-noise",
        "The noise is clipped to [-1, 1] before sampling.",
        "Pure noise has no bounds.",
        ((DRAW, f"{DRAW}.clamp(-1, 1)"),),
    ),
    Mistake(
        "black-picture",
        "Sampling starts from zeros.",
        "Pure noise is where the forward process ends: a normal distribution.",
        ((DRAW, "torch.zeros(num_images, 3, 64, 64)"),),
    ),
    Mistake(
        "noise-too-weak",
        "The noise is scaled, so its variance is not 1.",
        "At the noisiest timestep the variance of the noise is 1.",
        ((DRAW, f"0.5 * {DRAW}"),),
    ),
    Mistake(
        "starts-late",
        "The first timestep is skipped.",
        "Pure noise belongs to the first timestep: which i_start is that?",
        (("noise, 0, prompt", "noise, 1, prompt"),),
    ),
    Mistake(
        "starts-halfway",
        "i_start is 10 as it was for the noisy test image.",
        "Pure noise belongs to the first timestep: which i_start is that?",
        # The check's timesteps are fewer, so the tenth is the last but one here.
        (("noise, 0, prompt", "noise, min(10, len(timesteps) - 2), prompt"),),
    ),
    Mistake(
        "one-noise-for-all",
        "All pictures start from the same noise.",
        "Draw as much noise as there are pictures.",
        ((DRAW, "torch.randn(1, 3, 64, 64).repeat(num_images, 1, 1, 1)"),),
    ),
    Mistake(
        "grey-noise",
        "The three channels share their noise.",
        "Draw as much noise as a picture has values.",
        ((DRAW, "torch.randn(num_images, 1, 64, 64).repeat(1, 3, 1, 1)"),),
    ),
    Mistake(
        "one-picture-only",
        "Only one picture is drawn, whatever num_images says.",
        "The batch has num_images pictures.",
        ((DRAW, "torch.randn(1, 3, 64, 64)"),),
    ),
    Mistake(
        "fixed-seed",
        "A seed is set, so each call gives the same pictures.",
        "Set seeds once, outside of the function.",
        (("noise = torch", "torch.manual_seed(0)\n    noise = torch"),),
    ),
    Mistake(
        "noise-returned",
        "The noise is returned, not what became of it.",
        "iterative_denoise returns the picture; it does not change its argument.",
        ((ANSWER, f"{ANSWER.removeprefix('return ')}\n    return noise"),),
    ),
    Mistake(
        "mapped-for-display",
        "The pictures are mapped to [0, 1].",
        "Return them in [-1, 1]; map them only to show them.",
        ((ANSWER, f"{ANSWER} / 2 + 0.5"),),
    ),
    Mistake(
        "clipped",
        "The pictures are clipped to [-1, 1].",
        "Return them as they are; clip only to show them.",
        ((ANSWER, f"{ANSWER}.clamp(-1, 1)"),),
    ),
)
