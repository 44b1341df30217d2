"""Known mistakes of `one_step_denoise`."""

from __future__ import annotations

from autograder.bank import Mistake

ANSWER = "im: Tensor = (im_noisy - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()"

MISTAKES = (
    Mistake(
        "noise-subtracted-unscaled",
        "The noise estimate is subtracted from the picture without any factor.",
        "The forward process scales noise and picture: undo both.",
        ((ANSWER, "im = im_noisy - noise_est"),),
    ),
    Mistake(
        "noise-weight-missing",
        "The noise estimate is not scaled by sqrt(1 - alpha_bar_t).",
        "The UNet estimates noise of variance 1; the picture holds it scaled.",
        (("(1 - alpha_bar).sqrt() * noise_est", "noise_est"),),
    ),
    Mistake(
        "not-divided",
        "The result is not divided by sqrt(alpha_bar_t).",
        "The forward process scaled the clean picture down: undo it.",
        ((" / alpha_bar.sqrt()", ""),),
    ),
    Mistake(
        "divided-without-root",
        "The result is divided by alpha_bar_t, not by its square root.",
        "The forward process scales the picture by the square root.",
        ((" / alpha_bar.sqrt()", " / alpha_bar"),),
    ),
    Mistake(
        "noise-weight-without-root",
        "The noise estimate is scaled by 1 - alpha_bar_t, not by its square root.",
        "The forward process scales the noise by the square root.",
        (("(1 - alpha_bar).sqrt()", "(1 - alpha_bar)"),),
    ),
    Mistake(
        "noise-added",
        "The noise is added once more, not subtracted.",
        "Solve the equation of the forward process for x_0.",
        (("(im_noisy - (1", "(im_noisy + (1"),),
    ),
    Mistake(
        "single-step-alpha",
        "scheduler.alphas[t] is used in place of alphas_cumprod[t].",
        "x_t is t steps away from x_0, not one.",
        (("stage_1.scheduler.alphas_cumprod[t]", "stage_1.scheduler.alphas[t]"),),
    ),
    Mistake(
        "variance-as-noise",
        "The last three channels are taken as the noise estimate.",
        "The UNet's first three channels are noise, its last three are variance.",
        (("noise_est, _ = output", "_, noise_est = output"),),
    ),
    Mistake(
        "noise-returned",
        "The noise estimate itself is returned.",
        "Put it into the equation of the forward process and solve for x_0.",
        ((ANSWER, "im = noise_est"),),
    ),
    Mistake(
        "six-channels",
        "All six channels of the UNet's output are taken as noise.",
        "The UNet's first three channels are noise, its last three are variance.",
        (
            (
                "noise_est, _ = output.to(im_noisy).split(im_noisy.shape[1], dim=1)",
                "noise_est = output.to(im_noisy)",
            ),
        ),
    ),
    Mistake(
        "clipped",
        "The result is clipped to [-1, 1].",
        "Return it as it is; clip only to show it.",
        ((ANSWER, f"{ANSWER}\n    im = im.clamp(-1, 1)"),),
    ),
    Mistake(
        "fixed-timestep",
        "The UNet is always told the timestep 999.",
        "The UNet needs the noise level that the picture has.",
        (("output = unet(x, t,", "output = unet(x, 999,"),),
    ),
    Mistake(
        "picture-rescaled",
        "The UNet gets the picture divided by sqrt(alpha_bar_t).",
        "The UNet was trained on x_t as the forward process makes it.",
        (("x = im_noisy.to(unet.device, unet.dtype)", "x = im_noisy / alpha_bar.sqrt()"),),
    ),
    Mistake(
        "gradients-recorded",
        "The UNet is called with gradients, which fill the memory.",
        "Sampling needs no gradients: torch.no_grad().",
        (("with torch.no_grad():", "if True:"),),
    ),
    Mistake(
        "input-overwritten",
        "The noisy picture is overwritten.",
        "im_noisy -= ... changes the caller's tensor.",
        (
            (
                ANSWER,
                "im_noisy -= (1 - alpha_bar).sqrt() * noise_est\n"
                "    im = im_noisy / alpha_bar.sqrt()",
            ),
        ),
    ),
    Mistake(
        "one-image-only",
        "A batch with one prompt fails: the embedding is not repeated for each image.",
        "The UNet takes one embedding for each image of the batch.",
        ((".expand(len(x), -1, -1)", ""),),
    ),
)
