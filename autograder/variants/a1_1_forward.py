"""Correct answers of `forward` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "numpy-roots",
        "The roots are NumPy numbers.",
        source="""
        def forward(im, t, alphas_cumprod):
            bar = float(alphas_cumprod[t])
            noise = torch.randn(im.shape)
            return np.sqrt(bar) * im + np.sqrt(1 - bar) * noise
        """,
    ),
)
