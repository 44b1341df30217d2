"""Known mistakes of `make_hybrids`."""

from __future__ import annotations

from autograder.bank import Mistake

LOWS = "low_far, low_near = (TF.gaussian_blur(n, [33, 33], [2.0, 2.0]) for n in (far, near))"
SUM = "noise_est = low_far + (near - low_near)"
FAR = "far, variance = guided_noise(image, t, prompt_embeds[0])"
NEAR = "near, _ = guided_noise(image, t, prompt_embeds[1])"
CFG = "return cfg_noise(noise_uncond, noise_cond, scale), variance"

MISTAKES = (
    Mistake(
        "roles-swapped",
        "The first prompt gives the high frequencies and the second one the low ones.",
        "The first prompt is seen from afar, where only low frequencies are left.",
        ((SUM, "noise_est = low_near + (far - low_far)"),),
    ),
    Mistake(
        "two-low-passes",
        "Both halves are low frequencies.",
        "The high frequencies are what the blur takes away.",
        ((SUM, "noise_est = low_far + low_near"),),
    ),
    Mistake(
        "no-high-pass",
        "The second estimate is added as a whole, low frequencies included.",
        "Subtract its blurred version first.",
        ((SUM, "noise_est = low_far + near"),),
    ),
    Mistake(
        "wrong-low-pass-removed",
        "The low frequencies of the first estimate are subtracted from the second one.",
        "The high frequencies of an estimate are itself less its own low frequencies.",
        ((SUM, "noise_est = low_far + (near - low_far)"),),
    ),
    Mistake(
        "mean-not-sum",
        "The two halves are averaged.",
        "Low and high frequencies add up to a whole noise estimate.",
        ((SUM, "noise_est = (low_far + (near - low_near)) / 2"),),
    ),
    Mistake(
        "default-sigma",
        "The blur has torchvision's default sigma, not 2.",
        "Pass sigma to gaussian_blur.",
        ((LOWS, LOWS.replace(", [2.0, 2.0]", "")),),
    ),
    Mistake(
        "small-kernel",
        "The blur has the kernel of A 1.2, which is too small for its sigma.",
        "Use kernel 33 and sigma 2.",
        ((LOWS, LOWS.replace("[33, 33]", "[5, 5]")),),
    ),
    Mistake(
        "image-blurred",
        "The pictures that go into the UNet are filtered instead of the noise.",
        "Filter the noise estimates.",
        (
            (
                FAR,
                "low = TF.gaussian_blur(image, [33, 33], [2.0, 2.0])\n"
                "            far, variance = guided_noise(low, t, prompt_embeds[0])",
            ),
            (NEAR, NEAR.replace("(image", "(image - low")),
            (LOWS, ""),
            (SUM, "noise_est = far + near"),
        ),
    ),
    Mistake(
        "no-guidance",
        "The estimates are used without guidance.",
        "From A 1.7 on every estimate is guided.",
        ((CFG, "return noise_cond, variance"),),
    ),
    Mistake(
        "estimates-swapped",
        "The two estimates are swapped in the guidance.",
        "cfg_noise takes the unconditional estimate first.",
        ((CFG, "return cfg_noise(noise_cond, noise_uncond, scale), variance"),),
    ),
    Mistake(
        "one-prompt",
        "Both halves are made with the first prompt.",
        "prompt_embeds is a pair.",
        ((NEAR, NEAR.replace("embeds[1]", "embeds[0]")),),
    ),
    Mistake(
        "variance-of-the-second-prompt",
        "The variance is that of the second prompt.",
        "Take the variance of the first prompt's call.",
        ((FAR, FAR.replace("variance", "_")), (NEAR, NEAR.replace("_ =", "variance ="))),
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
