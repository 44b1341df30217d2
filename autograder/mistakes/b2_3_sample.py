"""Known mistakes in `ddpm_sample`."""

from __future__ import annotations

from autograder.bank import Mistake

Z = "z = torch.randn_like(x) if t > 1 else torch.zeros_like(x)\n"
TIME = "t / num_ts, device=device)"
LOOP = "for t in range(num_ts, 0, -1):\n"
X0 = "x0 = (x - (1 - alpha_bar).sqrt() * epsilon) / alpha_bar.sqrt()\n"
COEF_X0 = "coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)"
COEF_XT = "coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)"
STEP = "x = coef_x0 * x0 + coef_xt * x + beta.sqrt() * z"
ROOTS = "It is the square root of the variance that scales."

MISTAKES = (
    Mistake(
        "noise-at-last-step",
        "Noise is added in the step from t = 1 too.",
        "Its result is the clean picture: there z is 0.",
        ((Z, "z = torch.randn_like(x)\n"),),
    ),
    Mistake(
        "no-noise",
        "No noise is added in any step.",
        "Add sqrt(beta_t) z in every step but the last; without it this is another sampler.",
        ((Z, "z = torch.zeros_like(x)\n"),),
    ),
    Mistake(
        "same-noise-in-every-step",
        "The noise is drawn once and added in every step.",
        "Draw z inside of the loop.",
        (
            (LOOP, "noise = torch.randn_like(x)\n        " + LOOP),
            (Z, "z = noise if t > 1 else torch.zeros_like(x)\n"),
        ),
    ),
    Mistake(
        "noise-scaled-by-beta",
        "The noise is multiplied by beta_t, not by its square root.",
        ROOTS,
        ((STEP, STEP.replace("beta.sqrt()", "beta")),),
    ),
    Mistake(
        "noise-of-the-posterior",
        "The noise has the posterior's variance, not beta_t.",
        "Both are used in the literature; here sigma_t squared is beta_t.",
        (
            (
                STEP,
                STEP.replace(
                    "beta.sqrt()", "(beta * (1 - alpha_bar_prev) / (1 - alpha_bar)).sqrt()"
                ),
            ),
        ),
    ),
    Mistake(
        "time-not-normalised",
        "The network is given t, not t / T.",
        "It was trained with times from 0 to 1: divide by num_ts.",
        ((TIME, "float(t), device=device)"),),
    ),
    Mistake(
        "time-over-t-minus-1",
        "The time is divided by T - 1.",
        "Use the same t / num_ts as in training.",
        ((TIME, "t / (num_ts - 1), device=device)"),),
    ),
    Mistake(
        "time-one-too-early",
        "The network is given (t - 1) / T.",
        "t - 1 is where the tables have timestep t; the network is given t / num_ts.",
        ((TIME, "(t - 1) / num_ts, device=device)"),),
    ),
    Mistake(
        "time-as-a-column",
        "The time has shape (N, 1), not (N,).",
        "Give one number for each picture: torch.full((N,), t / num_ts).",
        (("torch.full((len(x),), ", "torch.full((len(x), 1), "),),
    ),
    Mistake(
        "stops-one-step-early",
        "The loop stops before t = 1.",
        "range(num_ts, 0, -1) ends with 1.",
        ((LOOP, "for t in range(num_ts, 1, -1):\n"),),
    ),
    Mistake(
        "x0-without-its-scale",
        "The estimate of the clean picture is not divided by sqrt(alpha_bar_t).",
        "Solve x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon for x_0.",
        ((X0, "x0 = x - (1 - alpha_bar).sqrt() * epsilon\n"),),
    ),
    Mistake(
        "x0-without-root",
        "The noise is taken off by 1 - alpha_bar_t, not by its square root.",
        ROOTS,
        ((X0, X0.replace("(1 - alpha_bar).sqrt()", "(1 - alpha_bar)")),),
    ),
    Mistake(
        "x0-clipped",
        "The estimate of the clean picture is clipped.",
        "Here it is used as it is.",
        ((X0, X0.rstrip("\n") + "\n            x0 = x0.clamp(0, 1)\n"),),
    ),
    Mistake(
        "coefficients-swapped",
        "The coefficients of x0_hat and x_t are swapped.",
        "Near t = 1 almost all of the mean is x0_hat.",
        ((STEP, "x = coef_xt * x0 + coef_x0 * x + beta.sqrt() * z"),),
    ),
    Mistake(
        "alpha-without-root",
        "The coefficient of x_t has alpha_t, not its square root.",
        ROOTS,
        ((COEF_XT, COEF_XT.replace("alpha.sqrt()", "alpha")),),
    ),
    Mistake(
        "alpha-bar-of-this-step",
        "The coefficient of x0_hat has alpha_bar_t where alpha_bar_{t-1} belongs.",
        "alpha_bar_{t-1} belongs to the step that is being made.",
        ((COEF_X0, COEF_X0.replace("alpha_bar_prev", "alpha_bar")),),
    ),
    Mistake(
        "last-alpha-bar-wraps-around",
        "At t = 1 alpha_bar_{t-1} is read at index -1, which is the last of the table.",
        "alpha_bar_0 is 1 and has no entry: treat t = 1 by itself.",
        (("alpha_bars[t - 2] if t > 1 else torch.ones_like(alpha_bar)", "alpha_bars[t - 2]"),),
    ),
    Mistake(
        "tables-read-one-later",
        "The tables are read at index t, one entry too late.",
        "They start with timestep 1 at index 0, so timestep t is at t - 1.",
        (
            (
                "betas[t - 1], alphas[t - 1], alpha_bars[t - 1]",
                "(table[min(t, num_ts - 1)] for table in (betas, alphas, alpha_bars))",
            ),
        ),
    ),
    Mistake(
        "training-mode",
        "The network stays in training mode.",
        "unet.eval(): else BatchNorm takes its statistics from what is being sampled.",
        (("    unet.eval()\n", ""),),
    ),
    Mistake(
        "gradients-recorded",
        "Gradients are recorded while sampling.",
        "Put the loop into torch.no_grad(), or memory grows with every step.",
        (("with torch.no_grad():", "with torch.enable_grad():"),),
    ),
    Mistake(
        "seed-ignored",
        "The seed is not used.",
        "torch.manual_seed(seed) before the first draw.",
        (("    torch.manual_seed(seed)\n", ""),),
    ),
    Mistake(
        "starts-from-uniform-noise",
        "The start is uniform noise, not normal noise.",
        "x_T is drawn by torch.randn.",
        (("torch.randn(16, 1, *img_wh", "torch.rand(16, 1, *img_wh"),),
    ),
)
