"""Known mistakes in `ddpm_sample_class`."""

from __future__ import annotations

from autograder.bank import Mistake

GUIDED = "epsilon = epsilon_u + guidance_scale * (epsilon_c - epsilon_u)\n"
UNCOND = "epsilon_u = unet(x, c, t_norm, mask=drop)\n"
COND = "epsilon_c = unet(x, c, t_norm, mask=keep)\n"
Z = "z = torch.randn_like(x) if t > 1 else torch.zeros_like(x)\n"
STEP = "x = coef_x0 * x0 + coef_xt * x + beta.sqrt() * z"
FORMULA = "epsilon = epsilon_u + gamma (epsilon_c - epsilon_u): 0 is without class, 1 with it."

MISTAKES = (
    Mistake(
        "guidance-one-too-strong",
        "The noises are combined as (1 + gamma) epsilon_c - gamma epsilon_u.",
        "That is another convention, whose gamma is smaller by 1. " + FORMULA,
        ((GUIDED, "epsilon = (1 + guidance_scale) * epsilon_c - guidance_scale * epsilon_u\n"),),
    ),
    Mistake(
        "guidance-swapped",
        "Conditional and unconditional noise are swapped, in the formula or by their masks.",
        "Mask 1 keeps a class, 0 drops it; " + FORMULA,
        ((GUIDED, "epsilon = epsilon_c + guidance_scale * (epsilon_u - epsilon_c)\n"),),
    ),
    Mistake(
        "no-guidance",
        "The conditional noise alone is used.",
        FORMULA,
        ((GUIDED, "epsilon = epsilon_c\n"),),
    ),
    Mistake(
        "guidance-scale-fixed",
        "The scale is always 5, whatever is given.",
        "Use the argument guidance_scale.",
        ((GUIDED, GUIDED.replace("guidance_scale", "5.0")),),
    ),
    Mistake(
        "noise-scaled-whole",
        "Only gamma times the difference is used; the unconditional noise is left out.",
        FORMULA,
        ((GUIDED, "epsilon = guidance_scale * (epsilon_c - epsilon_u)\n"),),
    ),
    Mistake(
        "class-0-as-no-class",
        "Class 0 takes the place of no class.",
        "Drop the class by mask 0; class 0 is a digit like the others.",
        ((UNCOND, "epsilon_u = unet(x, torch.zeros_like(c), t_norm, mask=keep)\n"),),
    ),
    Mistake(
        "mask-forgotten",
        "Both passes keep the class, so there is nothing to guide by.",
        "The second pass has mask 0.",
        ((UNCOND, "epsilon_u = unet(x, c, t_norm)\n"),),
    ),
    Mistake(
        "one-pass",
        "The network is asked once a step, with the class.",
        "Guidance needs both answers.",
        ((UNCOND, "epsilon_u = epsilon_c\n"),),
    ),
    Mistake(
        "time-not-normalised",
        "The network is given t, not t / T.",
        "It was trained with times from 0 to 1: divide by num_ts.",
        (("t / num_ts, device=device)", "float(t), device=device)"),),
    ),
    Mistake(
        "time-over-t-minus-1",
        "The time is divided by T - 1.",
        "Use the same t / num_ts as in training.",
        (("t / num_ts, device=device)", "t / (num_ts - 1), device=device)"),),
    ),
    Mistake(
        "noise-at-last-step",
        "Noise is added in the step from t = 1 too.",
        "Its result is the clean picture: there z is 0.",
        ((Z, "z = torch.randn_like(x)\n"),),
    ),
    Mistake(
        "noise-scaled-by-beta",
        "The noise is multiplied by beta_t, not by its square root.",
        "It is the square root of the variance that scales.",
        ((STEP, STEP.replace("beta.sqrt()", "beta")),),
    ),
    Mistake(
        "last-alpha-bar-wraps-around",
        "At t = 1 alpha_bar_{t-1} is read at index -1, which is the last of the table.",
        "alpha_bar_0 is 1 and has no entry: treat t = 1 by itself.",
        (("alpha_bars[t - 2] if t > 1 else torch.ones_like(alpha_bar)", "alpha_bars[t - 2]"),),
    ),
    Mistake(
        "sixteen-pictures",
        "Sixteen pictures are drawn, however many classes are given.",
        "Draw len(c) pictures.",
        (("torch.randn(len(c), 1, *img_wh", "torch.randn(16, 1, *img_wh"),),
    ),
    Mistake(
        "training-mode",
        "The network stays in training mode.",
        "unet.eval(): else BatchNorm takes its statistics from what is being sampled.",
        (("    unet.eval()\n", ""),),
    ),
    Mistake(
        "seed-ignored",
        "The seed is not used.",
        "torch.manual_seed(seed) before the first draw.",
        (("    torch.manual_seed(seed)\n", ""),),
    ),
)
