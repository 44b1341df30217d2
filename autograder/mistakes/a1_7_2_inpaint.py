"""Known mistakes of `inpaint`."""

from __future__ import annotations

from autograder.bank import Mistake

KEPT = "kept = forward(original_image, prev_t, alphas_cumprod)"
PASTE = "image = mask * image + (1 - mask) * kept"
RETURN = "    return image\n"
START = "image, mask = torch.randn_like(original_image), mask.to(original_image)"

MISTAKES = (
    Mistake(
        "old-noise-level",
        "The kept pixels get the noise level that the picture had before the step.",
        "After a step the picture is at the next timestep, prev_t.",
        ((KEPT, KEPT.replace("prev_t", "t")),),
    ),
    Mistake(
        "clean-original-pasted",
        "The clean original is pasted, without noise.",
        "All pixels of x_t' need the same noise level, or the UNet is led astray.",
        ((KEPT, "kept = original_image"),),
    ),
    Mistake(
        "index-as-timestep",
        "The original is noised to timestep i + 1, which is a position in the list.",
        "Look up the timestep at that position.",
        ((KEPT, KEPT.replace("prev_t", "i + 1")),),
    ),
    Mistake(
        "mask-inverted",
        "The mask is inverted: the original is kept where new content should be.",
        "1 is new content, 0 is kept.",
        ((PASTE, "image = (1 - mask) * image + mask * kept"),),
    ),
    Mistake(
        "pasted-before-the-step",
        "The original is put back before each step, so not after the last one.",
        "The line belongs to the end of the step, at the level of the new timestep.",
        (
            (f"            {KEPT}\n", ""),
            (f"            {PASTE}\n", ""),
            (
                "            x = image.to(unet.device, unet.dtype)\n",
                f"            {KEPT.replace('prev_t', 't')}\n            {PASTE}\n"
                "            x = image.to(unet.device, unet.dtype)\n",
            ),
        ),
    ),
    Mistake(
        "pasted-once",
        "The original is put back once after the loop, not after every step.",
        "The UNet must see the kept pixels at every step to continue them.",
        (
            (f"            {KEPT}\n", ""),
            (f"            {PASTE}\n", ""),
            (RETURN, f"    {KEPT.replace('prev_t', '0')}\n    {PASTE}\n    return image\n"),
        ),
    ),
    Mistake(
        "noise-drawn-once",
        "The noise on the kept pixels is drawn once and used in every step.",
        "Call forward, which draws new noise, inside of the loop.",
        (
            (START, START + "\n    frozen = torch.randn_like(original_image)"),
            (
                KEPT,
                "bar = alphas_cumprod[prev_t]\n"
                "            kept = bar.sqrt() * original_image + (1 - bar).sqrt() * frozen",
            ),
        ),
    ),
    Mistake(
        "starts-from-the-picture",
        "The loop starts from the noised original, not from pure noise.",
        "New content needs a fresh start: torch.randn_like(original_image).",
        (
            (
                START,
                "image = forward(original_image, 570, alphas_cumprod)\n"
                "    mask = mask.to(original_image)",
            ),
        ),
    ),
    Mistake(
        "no-guidance",
        "The noise estimate with the prompt is used as it is, without guidance.",
        "Combine both estimates with cfg_noise.",
        (("cfg_noise(noise_uncond, noise_cond, scale)", "noise_cond"),),
    ),
    Mistake(
        "estimates-swapped",
        "The two noise estimates are swapped in the guidance.",
        "cfg_noise takes the unconditional estimate first.",
        (
            (
                "cfg_noise(noise_uncond, noise_cond, scale)",
                "cfg_noise(noise_cond, noise_uncond, scale)",
            ),
        ),
    ),
    Mistake(
        "no-variance",
        "No noise is added in the steps.",
        "A step is its mean plus the noise of add_variance.",
        (
            (
                "add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)",
                "coef_x0 * x0 + coef_xt * image",
            ),
        ),
    ),
    Mistake(
        "original-overwritten",
        "The given original is overwritten in the loop.",
        "The next step needs the clean original: avoid in-place operations.",
        (
            (
                KEPT,
                "kept = original_image\n"
                "            kept.copy_(forward(original_image, prev_t, alphas_cumprod))",
            ),
        ),
    ),
)
