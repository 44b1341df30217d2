"""Known mistakes of `iterative_denoise`."""

from __future__ import annotations

from autograder.bank import Mistake

ADD = "image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)"

MISTAKES = (
    Mistake(
        "single-step-alpha",
        "alpha_t is taken from scheduler.alphas[t], which is the alpha of one step, not of many.",
        "A stride skips timesteps: what is the product of all alphas from t' + 1 to t?",
        (("alpha = alpha_bar / alpha_bar_prev", "alpha = stage_1.scheduler.alphas[t]"),),
    ),
    Mistake(
        "alpha-bars-swapped",
        "alpha_bar of t and of t' are swapped.",
        "t is the noisier timestep, so its alpha_bar is the smaller one.",
        (
            (
                "alpha_bar, alpha_bar_prev = alphas_cumprod[t], alphas_cumprod[prev_t]",
                "alpha_bar_prev, alpha_bar = alphas_cumprod[t], alphas_cumprod[prev_t]",
            ),
        ),
    ),
    Mistake(
        "alphas-for-alpha-bars",
        "scheduler.alphas is used where alphas_cumprod belongs.",
        "alpha_bar_t is the product of all alphas up to t.",
        (
            (
                "unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas_cumprod",
                "unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas",
            ),
        ),
    ),
    Mistake(
        "weights-swapped",
        "The weights of the clean estimate and of the noisy image are swapped.",
        "Near t = 0 the mean is mostly the clean estimate.",
        (("coef_x0 * x0 + coef_xt * image", "coef_xt * x0 + coef_x0 * image"),),
    ),
    Mistake(
        "weights-without-roots",
        "alpha_bar_t' and alpha_t stand in the weights without their square roots.",
        "Compare your weights with DDPM's equation 7, term by term.",
        (
            ("coef_x0 = alpha_bar_prev.sqrt()", "coef_x0 = alpha_bar_prev"),
            ("coef_xt = alpha.sqrt()", "coef_xt = alpha"),
        ),
    ),
    Mistake(
        "clean-estimate-unscaled",
        "The clean estimate is not divided by the square root of alpha_bar_t.",
        "Solve the equation of the forward process for x_0, with both of its factors.",
        (
            (
                "(1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()",
                "(1 - alpha_bar).sqrt() * noise_est)",
            ),
        ),
    ),
    Mistake(
        "jumps-to-the-estimate",
        "Each step goes straight to the clean estimate; x_t has no part in the mean.",
        "A step goes only part of the way: mix the estimate with x_t.",
        (("coef_x0 * x0 + coef_xt * image", "x0"),),
    ),
    Mistake(
        "clipped-estimate",
        "The clean estimate is clipped to [-1, 1] in each step.",
        "The equation asks for no clipping; do it only when you show a picture.",
        (("coef_x0 * x0 +", "coef_x0 * x0.clamp(-1, 1) +"),),
    ),
    Mistake(
        "last-alpha-bar-one",
        "alpha_bar is taken as 1 at timestep 0, where the table has a value just below 1.",
        "alphas_cumprod[0] is the noise level after the first step of the forward process.",
        (
            (
                "alpha = alpha_bar / alpha_bar_prev",
                "alpha_bar_prev = alpha_bar_prev if prev_t > 0 else torch.tensor(1.0)\n"
                "            alpha = alpha_bar / alpha_bar_prev",
            ),
        ),
    ),
    Mistake(
        "no-variance",
        "add_variance is not called, so no noise is added.",
        "The last term of the equation is random: each step adds the noise of its variance.",
        ((ADD, "image = coef_x0 * x0 + coef_xt * image"),),
    ),
    Mistake(
        "no-variance-at-the-end",
        "The last step adds no noise.",
        "The last step ends at timestep 0, whose alpha_bar is not yet 1: add_variance belongs "
        "to it, too.",
        (
            (
                ADD,
                "image = coef_x0 * x0 + coef_xt * image\n"
                "            if prev_t > 0:\n"
                "                image = add_variance(stage_1, variance, t, image)",
            ),
        ),
    ),
    Mistake(
        "variance-of-next-timestep",
        "add_variance gets t', not t.",
        "add_variance looks the next timestep up itself: give it the one where the step starts.",
        (("variance, t, coef_x0", "variance, prev_t, coef_x0"),),
    ),
    Mistake(
        "noise-as-variance",
        "add_variance gets the noise estimate in place of the predicted variance.",
        "The UNet's first three channels are noise, its last three are variance.",
        (("stage_1, variance, t", "stage_1, noise_est, t"),),
    ),
    Mistake(
        "variance-as-noise",
        "Noise and variance channels are swapped.",
        "The UNet's first three channels are noise, its last three are variance.",
        (("noise_est, variance = output", "variance, noise_est = output"),),
    ),
    Mistake(
        "one-step-too-many",
        "The loop runs over every timestep, so the last one has no neighbour to step to.",
        "34 timesteps make 33 steps.",
        (("range(i_start, len(timesteps) - 1)", "range(i_start, len(timesteps))"),),
    ),
    Mistake(
        "one-step-too-few",
        "The loop stops one step early.",
        "Which pair of timesteps does the last step connect?",
        (("range(i_start, len(timesteps) - 1)", "range(i_start, len(timesteps) - 2)"),),
    ),
    Mistake(
        "starts-at-zero",
        "i_start is not used: the loop always starts at the noisiest timestep.",
        "The image is at noise level timesteps[i_start].",
        (("range(i_start, len(timesteps) - 1)", "range(len(timesteps) - 1)"),),
    ),
    Mistake(
        "set-timesteps-forgotten",
        "scheduler.set_timesteps is not called, so add_variance takes the next timestep as t - 1.",
        "Tell the scheduler your timesteps before the loop.",
        (("    stage_1.scheduler.set_timesteps(timesteps=timesteps)\n", ""),),
    ),
    Mistake(
        "index-as-timestep",
        "The UNet gets the loop's index as its timestep.",
        "The UNet was trained with timesteps from 0 to 999.",
        (("unet(x, t, encoder", "unet(x, i, encoder"),),
    ),
    Mistake(
        "next-timestep-to-unet",
        "The UNet is told the next timestep, but it sees the image of the current one.",
        "The UNet needs the noise level that the image has now.",
        (("unet(x, t, encoder", "unet(x, prev_t, encoder"),),
    ),
    Mistake(
        "always-from-the-input",
        "Each step starts from im_noisy again.",
        "The image that a step returns is what the next one starts from.",
        (("x = image.to(", "image = im_noisy\n            x = image.to("),),
    ),
    Mistake(
        "input-overwritten",
        "The noisy image is overwritten by the loop.",
        "An assignment to image[:] or += changes im_noisy, which has the same memory.",
        ((ADD, f"image[:] {ADD.removeprefix('image ')}"),),
    ),
    Mistake(
        "gradients-recorded",
        "The UNet is called with gradients, which fill the memory.",
        "Sampling needs no gradients: torch.no_grad().",
        (("with torch.no_grad():", "if True:"),),
    ),
    Mistake(
        "one-image-only",
        "A batch with one prompt fails: the embedding is not repeated for each image.",
        "The UNet takes one embedding for each image of the batch.",
        ((".expand(len(im_noisy), -1, -1)", ""),),
    ),
)
