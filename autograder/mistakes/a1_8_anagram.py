"""Known mistakes of `visual_anagrams`."""

from __future__ import annotations

from autograder.bank import Mistake

SECOND = "guided_noise(image.flip(dims=[2]), t, prompt_embeds[1])"
MEAN = "noise_est = (noise_1 + noise_2.flip(dims=[2])) / 2"
FIRST = "noise_1, variance = guided_noise(image, t, prompt_embeds[0])"
CFG = "return cfg_noise(noise_uncond, noise_cond, scale), variance"

MISTAKES = (
    Mistake(
        "mirrored-left-right",
        "The picture is mirrored left to right, not top to bottom.",
        "Height is dimension 2 of (B, C, H, W).",
        (
            (SECOND, SECOND.replace("[2]", "[3]")),
            (MEAN, MEAN.replace("[2]", "[3]")),
        ),
    ),
    Mistake(
        "rotated",
        "The picture is rotated by 180 degrees instead of being mirrored top to bottom.",
        "Flip one dimension only.",
        (
            (SECOND, SECOND.replace("[2]", "[2, 3]")),
            (MEAN, MEAN.replace("[2]", "[2, 3]")),
        ),
    ),
    Mistake(
        "not-flipped-back",
        "The second estimate is not flipped back.",
        "The noise of the flipped picture is upside down, too.",
        ((MEAN, "noise_est = (noise_1 + noise_2) / 2"),),
    ),
    Mistake(
        "second-not-flipped",
        "The second estimate is made on the upright picture.",
        "Flip the picture before the UNet sees it with the second prompt.",
        ((SECOND, "guided_noise(image, t, prompt_embeds[1])"),),
    ),
    Mistake(
        "no-flips",
        "Nothing is flipped, so both prompts describe the upright picture.",
        "The second estimate is made on the flipped picture and flipped back.",
        (
            (SECOND, "guided_noise(image, t, prompt_embeds[1])"),
            (MEAN, "noise_est = (noise_1 + noise_2) / 2"),
        ),
    ),
    Mistake(
        "sum-not-mean",
        "The two estimates are added but not divided by two.",
        "The UNet's step expects noise of variance one.",
        ((MEAN, "noise_est = noise_1 + noise_2.flip(dims=[2])"),),
    ),
    Mistake(
        "no-guidance",
        "The estimates are used without guidance.",
        "From A 1.7 on every estimate is guided.",
        ((CFG, "return noise_cond, variance"),),
    ),
    Mistake(
        "estimates-swapped",
        "The two estimates of a branch are swapped in the guidance.",
        "cfg_noise takes the unconditional estimate first.",
        ((CFG, "return cfg_noise(noise_cond, noise_uncond, scale), variance"),),
    ),
    Mistake(
        "prompts-swapped",
        "The first prompt is used on the flipped picture and the second on the upright one.",
        "The first prompt is the one seen upright.",
        (
            (SECOND, SECOND.replace("embeds[1]", "embeds[0]")),
            (FIRST, FIRST.replace("embeds[0]", "embeds[1]")),
        ),
    ),
    Mistake(
        "one-prompt",
        "Both estimates are made with the first prompt.",
        "prompt_embeds is a pair.",
        ((SECOND, SECOND.replace("embeds[1]", "embeds[0]")),),
    ),
    Mistake(
        "one-guided-estimate",
        "Only the first estimate is guided.",
        "Guide both of them before they are averaged.",
        (
            (f"noise_2, _ = {SECOND}", f"noise_2 = un{SECOND}"),
            (
                "stage_1.scheduler.set_timesteps(timesteps=timesteps)\n    with",
                "def unguided_noise(x, t, prompt):\n"
                "        output = unet(x, t, encoder_hidden_states=prompt, return_dict=False)[0]\n"
                "        return output[:, :3]\n\n"
                "    stage_1.scheduler.set_timesteps(timesteps=timesteps)\n    with",
            ),
        ),
    ),
    Mistake(
        "variance-of-the-flipped-picture",
        "The variance is that of the second estimate, which is upside down.",
        "Take the variance of the first prompt's call.",
        (
            (FIRST, FIRST.replace("variance", "_")),
            ("noise_2, _ = ", "noise_2, variance = "),
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
)
