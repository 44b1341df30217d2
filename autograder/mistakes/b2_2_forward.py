"""Known mistakes of `ddpm_forward`."""

from __future__ import annotations

from autograder.bank import Mistake

DRAW = "t = torch.randint(1, num_ts + 1, (len(x_0),), device=x_0.device)"
LOOKUP = 'schedule["alpha_bars"].to(x_0)[t - 1].view(-1, 1, 1, 1)'
MIX = "alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * epsilon"
EPSILON = "epsilon = torch.randn_like(x_0)"
LOSS = "F.mse_loss(unet(x_t, t.to(x_0) / num_ts), epsilon)"

MISTAKES = (
    Mistake(
        "picture-without-root",
        "The images are scaled by alpha_bar, not by its square root.",
        "Variances add up to 1, so it is the square roots that scale images and noise.",
        ((MIX, MIX.replace("alpha_bar.sqrt() *", "alpha_bar *")),),
    ),
    Mistake(
        "noise-without-root",
        "The noise is scaled by 1 - alpha_bar, not by its square root.",
        "Variances add up to 1, so it is the square roots that scale images and noise.",
        ((MIX, MIX.replace("(1 - alpha_bar).sqrt()", "(1 - alpha_bar)")),),
    ),
    Mistake(
        "roots-swapped",
        "The two factors of images and noise are swapped.",
        "For small t almost all of the image is left.",
        ((MIX, "(1 - alpha_bar).sqrt() * x_0 + alpha_bar.sqrt() * epsilon"),),
    ),
    Mistake(
        "single-step-alphas",
        "The alphas of single steps are used, not their running product.",
        "All steps up to t add noise, so it is alpha_bars.",
        ((LOOKUP, LOOKUP.replace("alpha_bars", "alphas")),),
    ),
    Mistake(
        "time-not-divided",
        "The network is given t itself.",
        "Divide by num_ts.",
        ((LOSS, LOSS.replace(" / num_ts", "")),),
    ),
    Mistake(
        "time-divided-twice",
        "The time is divided by num_ts twice.",
        "The network expects t / num_ts, from 1 / num_ts to 1.",
        ((LOSS, LOSS.replace(" / num_ts", " / num_ts / num_ts")),),
    ),
    Mistake(
        "times-from-zero",
        "The timesteps run from 0 to num_ts - 1.",
        "They run from 1 to num_ts; the tables' entry for t is at t - 1.",
        (
            (DRAW, DRAW.replace("1, num_ts + 1", "0, num_ts")),
            (LOOKUP, LOOKUP.replace("[t - 1]", "[t]")),
        ),
    ),
    Mistake(
        "last-step-missing",
        "The last timestep is never drawn.",
        "torch.randint leaves its upper end out.",
        ((DRAW, DRAW.replace("num_ts + 1", "num_ts")),),
    ),
    Mistake(
        "table-off-by-one",
        "The table is read one entry too late.",
        "The tables start at 0 and timesteps at 1: the entry for t is at t - 1.",
        ((LOOKUP, LOOKUP.replace("[t - 1]", "[t.clamp(max=num_ts - 1)]")),),
    ),
    Mistake(
        "index-error",
        "The table is read at t, which is past its end at the last timestep.",
        "The tables start at 0 and timesteps at 1: the entry for t is at t - 1.",
        ((LOOKUP, LOOKUP.replace("[t - 1]", "[t]")),),
    ),
    Mistake(
        "one-time-for-the-batch",
        "All images of the batch get the same timestep.",
        "Draw as many timesteps as there are images.",
        ((DRAW, "t = torch.randint(1, num_ts + 1, (1,)).expand(len(x_0))"),),
    ),
    Mistake(
        "one-noise-for-the-batch",
        "All images of the batch get the same noise.",
        "Draw noise in the shape of the whole batch.",
        ((EPSILON, "epsilon = torch.randn_like(x_0[:1]).expand_as(x_0)"),),
    ),
    Mistake(
        "uniform-noise",
        "The noise is uniform in [0, 1].",
        "torch.rand is uniform, torch.randn is normal.",
        ((EPSILON, "epsilon = torch.rand_like(x_0)"),),
    ),
    Mistake(
        "predicts-the-image",
        "The output is compared with the clean images.",
        "The network of this exercise predicts the noise.",
        ((LOSS, LOSS.replace("epsilon)", "x_0)")),),
    ),
    Mistake(
        "compares-with-the-input",
        "The output is compared with the noisy images.",
        "The network of this exercise predicts the noise.",
        ((LOSS, LOSS.replace("epsilon)", "x_t)")),),
    ),
    Mistake(
        "clean-input",
        "The network is given the clean images.",
        "It has to find the noise in the noisy ones.",
        ((LOSS, LOSS.replace("unet(x_t", "unet(x_0")),),
    ),
    Mistake(
        "sum-not-mean",
        "The squared errors are added up, not averaged.",
        "The size of the batch must not change the loss.",
        ((LOSS, LOSS.replace("epsilon)", 'epsilon, reduction="sum")')),),
    ),
    Mistake(
        "absolute-error",
        "The loss is the mean absolute error.",
        "Square the differences.",
        ((LOSS, LOSS.replace("mse", "l1")),),
    ),
    Mistake(
        "no-gradient",
        "The loss is returned without its gradient.",
        "Return the tensor: .item() is for the log.",
        ((LOSS, LOSS + ".detach()"),),
    ),
    Mistake(
        "broadcast",
        "One factor per image does not broadcast over the batch.",
        "Give alpha_bar the shape (N, 1, 1, 1).",
        ((LOOKUP, LOOKUP.removesuffix(".view(-1, 1, 1, 1)")),),
    ),
)
