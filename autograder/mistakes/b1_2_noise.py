"""Known mistakes of `add_noise`."""

from __future__ import annotations

from autograder.bank import Mistake

SUM = "x + sigma * torch.randn_like(x)"

MISTAKES = (
    Mistake(
        "picture-scaled",
        "The picture is scaled down as in the forward process of a diffusion model.",
        "Here the picture keeps its scale: z = x + sigma * epsilon.",
        ((SUM, "max(1 - sigma**2, 0) ** 0.5 * x + sigma * torch.randn_like(x)"),),
    ),
    Mistake(
        "interpolated",
        "The picture is multiplied by 1 - sigma.",
        "Here the picture keeps its scale: z = x + sigma * epsilon.",
        ((SUM, "(1 - sigma) * x + sigma * torch.randn_like(x)"),),
    ),
    Mistake(
        "variance-as-deviation",
        "The noise has deviation sigma squared.",
        "sigma is the standard deviation, and multiplies the noise as it is.",
        ((SUM, "x + sigma**2 * torch.randn_like(x)"),),
    ),
    Mistake(
        "root-of-sigma",
        "The noise has deviation sqrt(sigma).",
        "sigma is the standard deviation, not the variance.",
        ((SUM, "x + math.sqrt(sigma) * torch.randn_like(x)"),),
    ),
    Mistake(
        "uniform-noise",
        "The noise is uniform in [0, 1].",
        "torch.rand is uniform, torch.randn is normal.",
        ((SUM, "x + sigma * torch.rand_like(x)"),),
    ),
    Mistake(
        "sigma-ignored",
        "The noise has deviation one whatever sigma is.",
        "Multiply the noise by sigma.",
        ((SUM, "x + torch.randn_like(x)"),),
    ),
    Mistake(
        "clipped",
        "The noisy images are clipped to [0, 1].",
        "Leave them unclipped, or the noise is no longer normal.",
        ((SUM, "(x + sigma * torch.randn_like(x)).clamp(0, 1)"),),
    ),
    Mistake(
        "one-noise-for-the-batch",
        "All images of the batch get the same noise.",
        "Draw noise in the shape of the whole batch.",
        ((SUM, "x + sigma * torch.randn_like(x[:1])"),),
    ),
    Mistake(
        "in-place",
        "The given images are overwritten.",
        "The clean images are needed for the loss: avoid +=.",
        ((SUM, "x.add_(sigma * torch.randn_like(x))"),),
    ),
    Mistake(
        "only-noise",
        "The noise is returned without the picture.",
        "Add the noise to x.",
        ((SUM, "sigma * torch.randn_like(x)"),),
    ),
)
