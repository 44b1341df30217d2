"""Known mistakes of `sdedit`."""

from __future__ import annotations

from autograder.bank import Mistake

NOISED = "im_noisy = forward(im, timesteps[i_start], stage_1.scheduler.alphas_cumprod)"
LOOP = "im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale\n"

MISTAKES = (
    Mistake(
        "index-as-timestep",
        "The picture is noised to timestep i_start, but i_start is a position in the list.",
        "Look up the timestep at that position before you add noise.",
        ((NOISED, NOISED.replace("timesteps[i_start]", "i_start")),),
    ),
    Mistake(
        "clean-start",
        "The loop starts from the clean picture, without noise.",
        "The UNet expects a picture with as much noise as the timestep says.",
        ((NOISED, "im_noisy = im"),),
    ),
    Mistake(
        "pure-noise-start",
        "The loop starts from pure noise, so nothing of the picture is left to be edited.",
        "The start is a mixture of the picture and noise.",
        ((NOISED, "im_noisy = torch.randn_like(im)"),),
    ),
    Mistake(
        "noise-added-unscaled",
        "Noise is added to the picture, but the two are not scaled by the schedule.",
        "Use the forward process of A 1.1.",
        ((NOISED, "im_noisy = im + torch.randn_like(im)"),),
    ),
    Mistake(
        "next-level",
        "The picture is noised to the level of the position after i_start.",
        "The first step of the loop starts at timesteps[i_start].",
        ((NOISED, NOISED.replace("i_start]", "i_start + 1]")),),
    ),
    Mistake(
        "loop-from-the-top",
        "The loop starts at position 0, where the picture should still be noise.",
        "The loop starts at the level to which the picture was noised.",
        ((LOOP, LOOP.replace("i_start", "0")),),
    ),
    Mistake(
        "loop-one-late",
        "The loop starts one position after the level of the noise.",
        "Noise level and first timestep belong together.",
        ((LOOP, LOOP.replace("i_start", "i_start + 1")),),
    ),
    Mistake(
        "scale-forgotten",
        "The guidance scale is not handed on, so it is always the default.",
        "iterative_denoise_cfg has a default scale; pass your own.",
        ((LOOP, LOOP.replace(", scale", "")),),
    ),
    Mistake(
        "prompts-swapped",
        "The prompt and the empty prompt are swapped.",
        "Compare the order of your arguments with the signature of iterative_denoise_cfg.",
        (
            (
                LOOP,
                LOOP.replace(
                    "prompt_embeds, uncond_prompt_embeds", "uncond_prompt_embeds, prompt_embeds"
                ),
            ),
        ),
    ),
    Mistake(
        "prompt-as-empty-prompt",
        "The prompt also stands where the empty prompt belongs, so there is no guidance.",
        "Guidance goes from the estimate without a prompt to the one with it.",
        ((LOOP, LOOP.replace("uncond_prompt_embeds", "prompt_embeds")),),
    ),
    Mistake(
        "no-guidance",
        "The loop without guidance is used.",
        "From A 1.7 on all pictures are made with the guided loop of A 1.6.",
        source="""
        def sdedit(
            stage_1, im, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            im_noisy = forward(im, timesteps[i_start], stage_1.scheduler.alphas_cumprod)
            return iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps)
        """,
    ),
    Mistake(
        "noised-in-place",
        "The given picture itself is overwritten with noise.",
        "The next edit needs the clean picture: avoid in-place operations such as *=.",
        (
            (
                NOISED,
                "bar = stage_1.scheduler.alphas_cumprod[timesteps[i_start]]\n"
                "    im *= bar.sqrt()\n"
                "    im += (1 - bar).sqrt() * torch.randn_like(im)\n"
                "    im_noisy = im",
            ),
        ),
    ),
)
