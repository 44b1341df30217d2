"""Known mistakes of `cfg_noise` and `iterative_denoise_cfg`."""

from __future__ import annotations

from autograder.bank import Mistake

RULE = "noise_uncond + scale * (noise_cond - noise_uncond)"
ADD = "image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)"

MISTAKES = (
    Mistake(
        "weight-of-the-paper",
        "The scale is taken as the paper's weight w: (1 + w) times conditional minus w times "
        "unconditional.",
        "Check it at scale 1: that must be the conditional estimate.",
        ((RULE, "(1 + scale) * noise_cond - scale * noise_uncond"),),
    ),
    Mistake(
        "combination-swapped",
        "Conditional and unconditional estimate are swapped in cfg_noise.",
        "Scale 0 must give the unconditional estimate.",
        ((RULE, "noise_cond + scale * (noise_uncond - noise_cond)"),),
    ),
    Mistake(
        "difference-only",
        "Only the scaled difference is returned; the unconditional estimate is missing.",
        "At scale 0 something must be left.",
        ((RULE, "scale * (noise_cond - noise_uncond)"),),
    ),
    Mistake(
        "scale-ignored",
        "cfg_noise always uses the scale 7.",
        "The scale is an argument.",
        ((RULE, "noise_uncond + 7 * (noise_cond - noise_uncond)"),),
    ),
    Mistake(
        "prompts-swapped",
        "The loop uses prompt_embeds for the unconditional pass and the empty prompt for the "
        "conditional one.",
        "Guidance then leads away from the prompt.",
        (
            ("    cond = prompt_embeds.to", "    cond = uncond_prompt_embeds.to"),
            ("    uncond = uncond_prompt_embeds.to", "    uncond = prompt_embeds.to"),
        ),
    ),
    Mistake(
        "arguments-swapped",
        "The loop hands the two estimates to cfg_noise in the wrong order.",
        "cfg_noise takes the unconditional estimate first.",
        (
            (
                "cfg_noise(noise_uncond, noise_cond, scale)",
                "cfg_noise(noise_cond, noise_uncond, scale)",
            ),
        ),
    ),
    Mistake(
        "prompt-twice",
        "Both passes use prompt_embeds, so guidance has no effect.",
        "The second pass takes the empty prompt's embedding.",
        (("encoder_hidden_states=uncond,", "encoder_hidden_states=cond,"),),
    ),
    Mistake(
        "unconditional-variance",
        "add_variance gets the variance of the unconditional pass.",
        "Use the variance of the pass with the prompt.",
        (("noise_uncond, _ = output", "noise_uncond, variance = output"),),
    ),
    Mistake(
        "default-scale",
        "The loop's scale is 1 where none is given.",
        "Look at the signature: the default is 7.",
        (("scale: float = 7,", "scale: float = 1,"),),
    ),
    Mistake(
        "loop-ignores-scale",
        "The loop always guides with the scale 7, whatever it is given.",
        "Hand the argument scale on to cfg_noise.",
        (("cfg_noise(noise_uncond, noise_cond, scale)", "cfg_noise(noise_uncond, noise_cond, 7)"),),
    ),
    Mistake(
        "loop-without-guidance",
        "The loop uses the conditional estimate alone.",
        "Combine both estimates with cfg_noise before the step.",
        (("noise_est = cfg_noise(noise_uncond, noise_cond, scale)", "noise_est = noise_cond"),),
    ),
    Mistake(
        "passes-at-two-timesteps",
        "The unconditional pass is at the next timestep.",
        "Both passes see the same image at the same timestep.",
        (
            (
                "output = unet(x, t, encoder_hidden_states=uncond",
                "output = unet(x, prev_t, encoder_hidden_states=uncond",
            ),
        ),
    ),
    Mistake(
        "single-step-alpha",
        "alpha_t is taken from scheduler.alphas[t], which is the alpha of one step, not of many.",
        "A stride skips timesteps: what is the product of all alphas from t' + 1 to t?",
        (("alpha = alpha_bar / alpha_bar_prev", "alpha = stage_1.scheduler.alphas[t]"),),
    ),
    Mistake(
        "variance-of-next-timestep",
        "add_variance gets t', not t.",
        "add_variance looks the next timestep up itself: give it the one where the step starts.",
        (("variance, t, coef_x0", "variance, prev_t, coef_x0"),),
    ),
    Mistake(
        "no-variance",
        "add_variance is not called, so no noise is added.",
        "The last term of the equation is random: each step adds the noise of its variance.",
        ((ADD, "image = coef_x0 * x0 + coef_xt * image"),),
    ),
    Mistake(
        "set-timesteps-forgotten",
        "scheduler.set_timesteps is not called, so add_variance takes the next timestep as t - 1.",
        "Tell the scheduler your timesteps before the loop.",
        (("    stage_1.scheduler.set_timesteps(timesteps=timesteps)\n", ""),),
    ),
    Mistake(
        "starts-at-zero",
        "i_start is not used: the loop always starts at the noisiest timestep.",
        "The image is at noise level timesteps[i_start].",
        (("range(i_start, len(timesteps) - 1)", "range(len(timesteps) - 1)"),),
    ),
    Mistake(
        "gradients-recorded",
        "The UNet is called with gradients, which fill the memory.",
        "Sampling needs no gradients: torch.no_grad().",
        (("with torch.no_grad():", "if True:"),),
    ),
)
