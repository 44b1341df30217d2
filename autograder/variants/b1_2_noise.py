"""Correct answers of `add_noise` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

SUM = "x + sigma * torch.randn_like(x)"

VARIANTS = (
    Variant(
        "torch-normal",
        "The noise has its deviation from the start.",
        ((SUM, "x + (torch.normal(0.0, float(sigma), x.shape) if sigma > 0 else 0)"),),
    ),
    Variant(
        "numpy-noise",
        "The noise is drawn by NumPy and cast.",
        ((SUM, "x + torch.from_numpy(np.random.randn(*x.shape) * sigma).to(x.dtype)"),),
    ),
    Variant(
        "loop-over-images",
        "Image by image, with a helper and printing.",
        source="""
        import torch

        def noisy(im, level):
            eps = torch.empty(im.shape).normal_()
            return torch.add(im, eps, alpha=level)

        def add_noise(x, sigma):
            print("noise", sigma)
            return torch.stack([noisy(im, sigma) for im in x])
        """,
    ),
    Variant(
        "lerp-form",
        "The sum is written as a convex combination with other endpoints.",
        ((SUM, "torch.lerp(x, x + torch.randn_like(x), float(sigma))"),),
    ),
)
