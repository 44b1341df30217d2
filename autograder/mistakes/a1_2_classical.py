"""Known mistakes of `classical_denoise`."""

from __future__ import annotations

from autograder.bank import Mistake

ANSWER = "return TF.gaussian_blur(im_noisy, [kernel_size, kernel_size], [sigma, sigma])"

MISTAKES = (
    Mistake(
        "nothing-done",
        "The noisy picture is returned as it came.",
        "gaussian_blur returns the blurred picture; it does not change its argument.",
        ((ANSWER, ANSWER.replace("return ", "") + "\n    return im_noisy"),),
    ),
    Mistake(
        "sigma-ignored",
        "sigma is not handed on, so torchvision derives one from the kernel's size.",
        "gaussian_blur takes the kernel's size and sigma.",
        ((", [sigma, sigma])", ")"),),
    ),
    Mistake(
        "kernel-fixed",
        "The kernel is always 5 pixels wide.",
        "kernel_size is an argument.",
        (("[kernel_size, kernel_size], [sigma", "[5, 5], [sigma"),),
    ),
    Mistake(
        "sigma-fixed",
        "sigma is always 2.",
        "sigma is an argument.",
        (("[sigma, sigma]", "[2.0, 2.0]"),),
    ),
    Mistake(
        "other-defaults",
        "The defaults are not a kernel of 5 pixels and a sigma of 2.",
        "Leave the signature as it is.",
        (("kernel_size: int = 5, sigma: float = 2.0", "kernel_size: int = 3, sigma: float = 1.0"),),
    ),
    Mistake(
        "sigma-as-variance",
        "sigma is taken as a variance.",
        "gaussian_blur wants the standard deviation.",
        (("[sigma, sigma]", "[sigma**0.5, sigma**0.5]"),),
    ),
    Mistake(
        "one-direction",
        "The picture is blurred along one direction only.",
        "The kernel is a square: it needs a size and a sigma for both directions.",
        (("[kernel_size, kernel_size], [sigma", "[kernel_size, 1], [sigma"),),
    ),
    Mistake(
        "box-blur",
        "The picture is averaged with equal weights.",
        "A Gaussian kernel gives pixels nearby more weight.",
        ((ANSWER, "return F.avg_pool2d(im_noisy, kernel_size, 1, kernel_size // 2)"),),
    ),
    Mistake(
        "black-border",
        "The picture is padded with zeros, so its border fades.",
        "torchvision's gaussian_blur reflects the border.",
        (
            (
                ANSWER,
                "pad = kernel_size // 2\n"
                "    im_noisy = F.pad(im_noisy, [pad] * 4)\n"
                f"    {ANSWER}[..., pad:-pad, pad:-pad]",
            ),
        ),
    ),
    Mistake(
        "clipped-before",
        "The noisy picture is clipped to [-1, 1] before it is blurred.",
        "Clipping changes the noise's mean: leave the picture as it is.",
        (("gaussian_blur(im_noisy,", "gaussian_blur(im_noisy.clamp(-1, 1),"),),
    ),
    Mistake(
        "residual",
        "What blurring removes is returned, not the blurred picture.",
        "The low frequencies are the denoised picture.",
        ((ANSWER, ANSWER.replace("return ", "return im_noisy - ")),),
    ),
)
