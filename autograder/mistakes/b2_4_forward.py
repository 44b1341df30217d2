"""Known mistakes of `ddpm_forward_class`."""

from __future__ import annotations

from autograder.bank import Mistake

DRAW = "t = torch.randint(1, num_ts + 1, (len(x_0),), device=x_0.device)"
LOOKUP = 'schedule["alpha_bars"].to(x_0)[t - 1].view(-1, 1, 1, 1)'
MIX = "alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * epsilon"
MASK = "mask = (torch.rand(len(x_0), device=x_0.device) >= p_uncond).to(x_0)"
LOSS = "F.mse_loss(unet(x_t, c, t.to(x_0) / num_ts, mask=mask), epsilon)"

MISTAKES = (
    Mistake(
        "mask-inverted",
        "The mask is inverted: it keeps a class with probability p_uncond.",
        "1 keeps a class, 0 drops it; p_uncond is the probability of 0.",
        ((MASK, MASK.replace(">=", "<")),),
    ),
    Mistake(
        "class-zero-instead-of-dropped",
        "Dropped classes become class 0, which is a digit of its own.",
        "Hand the classes on as they are, and the mask next to them.",
        (
            (
                LOSS,
                "F.mse_loss(unet(x_t, c * mask.long(), t.to(x_0) / num_ts), epsilon)",
            ),
        ),
    ),
    Mistake(
        "class-zero-and-mask",
        "Dropped classes become class 0 in addition to the mask.",
        "The mask alone drops a class.",
        ((LOSS, LOSS.replace("x_t, c,", "x_t, c * mask.long(),")),),
    ),
    Mistake(
        "never-dropped",
        "No class is ever dropped, so the network cannot learn to do without.",
        "Give it a mask.",
        ((LOSS, LOSS.replace(", mask=mask", "")),),
    ),
    Mistake(
        "one-draw-for-the-batch",
        "The classes of a batch are dropped all together or not at all.",
        "Draw for each image.",
        (
            (
                MASK,
                "mask = (torch.rand(1) >= p_uncond).to(x_0).expand(len(x_0))",
            ),
        ),
    ),
    Mistake(
        "probability-as-mask",
        "The mask holds probabilities, not zeros and ones.",
        "Draw for each image whether its class is kept.",
        ((MASK, "mask = torch.full((len(x_0),), 1 - p_uncond)"),),
    ),
    Mistake(
        "fixed-probability",
        "The probability is always a tenth, whatever p_uncond is.",
        "Use the argument.",
        ((MASK, MASK.replace("p_uncond", "0.1")),),
    ),
    Mistake(
        "normal-draw",
        "The draws for the mask are normal, so the probability is another one.",
        "torch.rand is uniform in [0, 1], torch.randn is normal.",
        ((MASK, MASK.replace("rand(", "randn(")),),
    ),
    Mistake(
        "class-and-time-swapped",
        "The network's arguments for class and time are swapped.",
        "It takes (x, c, t, mask).",
        ((LOSS, LOSS.replace("c, t.to(x_0) / num_ts", "t.to(x_0) / num_ts, c")),),
    ),
    Mistake(
        "time-not-divided",
        "The network is given t itself.",
        "Divide by num_ts.",
        ((LOSS, LOSS.replace(" / num_ts", "")),),
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
        "one-time-for-the-batch",
        "All images of the batch get the same timestep.",
        "Draw as many timesteps as there are images.",
        ((DRAW, "t = torch.randint(1, num_ts + 1, (1,)).expand(len(x_0))"),),
    ),
    Mistake(
        "picture-without-root",
        "The images are scaled by alpha_bar, not by its square root.",
        "Variances add up to 1, so it is the square roots that scale images and noise.",
        ((MIX, MIX.replace("alpha_bar.sqrt() *", "alpha_bar *")),),
    ),
    Mistake(
        "single-step-alphas",
        "The alphas of single steps are used, not their running product.",
        "All steps up to t add noise, so it is alpha_bars.",
        ((LOOKUP, LOOKUP.replace("alpha_bars", "alphas")),),
    ),
    Mistake(
        "predicts-the-image",
        "The output is compared with the clean images.",
        "The network of this exercise predicts the noise.",
        ((LOSS, LOSS.replace("epsilon)", "x_0)")),),
    ),
    Mistake(
        "sum-not-mean",
        "The squared errors are added up, not averaged.",
        "The size of the batch must not change the loss.",
        ((LOSS, LOSS.replace("epsilon)", 'epsilon, reduction="sum")')),),
    ),
    Mistake(
        "no-gradient",
        "The loss is returned without its gradient.",
        "Return the tensor: .item() is for the log.",
        ((LOSS, LOSS + ".detach()"),),
    ),
)
