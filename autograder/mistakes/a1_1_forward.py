"""Known mistakes of `forward`."""

from __future__ import annotations

from autograder.bank import Mistake

ANSWER = "return alpha_bar.sqrt() * im + (1 - alpha_bar).sqrt() * epsilon"
DRAW = "alpha_bar, epsilon = alphas_cumprod[t], torch.randn_like(im)"

MISTAKES = (
    Mistake(
        "alpha-bar-without-root",
        "The picture is scaled by alphas_cumprod[t] itself, not by its square root.",
        "Variances add up to 1, so it is the square roots that scale picture and noise.",
        (("alpha_bar.sqrt() * im", "alpha_bar * im"),),
    ),
    Mistake(
        "noise-without-root",
        "The noise is scaled by 1 - alphas_cumprod[t] itself, not by its square root.",
        "Variances add up to 1, so it is the square roots that scale picture and noise.",
        (("(1 - alpha_bar).sqrt()", "(1 - alpha_bar)"),),
    ),
    Mistake(
        "no-roots",
        "Neither the picture's weight nor the noise's has its square root.",
        "Variances add up to 1, so it is the square roots that scale picture and noise.",
        ((ANSWER, "return alpha_bar * im + (1 - alpha_bar) * epsilon"),),
    ),
    Mistake(
        "picture-unscaled",
        "Noise is added to the picture, but the picture is not scaled down.",
        "With growing t the picture fades while the noise grows.",
        (("alpha_bar.sqrt() * im", "im"),),
    ),
    Mistake(
        "noise-unscaled",
        "The noise has the same strength at every timestep.",
        "Near t = 0 there is next to no noise: what is its variance?",
        (("(1 - alpha_bar).sqrt() * epsilon", "epsilon"),),
    ),
    Mistake(
        "weights-swapped",
        "The weights of picture and noise are swapped.",
        "alphas_cumprod falls from about 1 at t = 0 to about 0 at t = 999.",
        ((ANSWER, "return (1 - alpha_bar).sqrt() * im + alpha_bar.sqrt() * epsilon"),),
    ),
    Mistake(
        "one-minus-root",
        "The noise is scaled by 1 - sqrt(alphas_cumprod[t]).",
        "Take the root of the difference, not the difference of the root.",
        (("(1 - alpha_bar).sqrt()", "(1 - alpha_bar.sqrt())"),),
    ),
    Mistake(
        "single-step-alpha",
        "The alpha of one step is used in place of the product of all steps up to t.",
        "alphas_cumprod[t] is that product already.",
        ((DRAW, f"{DRAW}\n    alpha_bar = alpha_bar / alphas_cumprod[t - 1]"),),
    ),
    Mistake(
        "product-of-products",
        "alphas_cumprod is multiplied up once more.",
        "alphas_cumprod[t] is the product of all alphas up to t already.",
        (("alphas_cumprod[t], torch", "alphas_cumprod.cumprod(0)[t], torch"),),
    ),
    Mistake(
        "previous-timestep",
        "The level is that of t - 1.",
        "The table begins at timestep 0, so t is its index.",
        (("alphas_cumprod[t], torch", "alphas_cumprod[t - 1], torch"),),
    ),
    Mistake(
        "uniform-noise",
        "The noise is uniform on [0, 1), not normal.",
        "torch.rand is uniform, torch.randn is normal.",
        (("torch.randn_like(im)", "torch.rand_like(im)"),),
    ),
    Mistake(
        "one-noise-for-the-batch",
        "All pictures of a batch get the same noise.",
        "Draw as much noise as there are pixels in the whole batch.",
        (("torch.randn_like(im)", "torch.randn_like(im[:1])"),),
    ),
    Mistake(
        "grey-noise",
        "The three channels share their noise.",
        "Draw as much noise as there are values in im.",
        (("torch.randn_like(im)", "torch.randn_like(im[:, :1])"),),
    ),
    Mistake(
        "fixed-seed",
        "forward sets a seed, so its noise is the same in each call.",
        "Set seeds once, outside of the function.",
        ((DRAW, f"torch.manual_seed(0)\n    {DRAW}"),),
    ),
    Mistake(
        "picture-overwritten",
        "The clean picture is overwritten.",
        "im *= ... and im.mul_(...) change the caller's tensor.",
        ((ANSWER, f"im *= alpha_bar.sqrt()\n    {ANSWER.replace('alpha_bar.sqrt() * im', 'im')}"),),
    ),
    Mistake(
        "clipped",
        "The result is clipped to [-1, 1].",
        "A noisy picture may leave the range; clip only to show it.",
        ((ANSWER, f"{ANSWER.replace('return', 'return (')}).clamp(-1, 1)"),),
    ),
)
