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
    Variant(
        "numpy-noise",
        "The noise is drawn by NumPy, by a generator that no seed reaches.",
        source="""
        import numpy

        def forward(im, t, alphas_cumprod):
            bar = alphas_cumprod[t].item()
            noise = numpy.random.default_rng().standard_normal(tuple(im.shape))
            noisy = math.sqrt(bar) * im.numpy() + math.sqrt(1 - bar) * noise
            return torch.from_numpy(noisy).to(im.dtype)
        """,
    ),
    Variant(
        "picture-by-picture",
        "A loop over the batch, with a helper and prints.",
        source="""
        def coefficients(bar):
            return bar ** 0.5, (1 - bar) ** 0.5

        def forward(im, t, alphas_cumprod):
            a, b = coefficients(alphas_cumprod[torch.tensor(t)])
            print("noising to", t)
            return torch.stack([a * x + b * torch.normal(0.0, 1.0, x.shape) for x in im])
        """,
    ),
    Variant(
        "per-picture-timesteps",
        "t is broadcast to the batch and the tables are reshaped.",
        source="""
        def forward(im, t, alphas_cumprod):
            t = torch.full((im.shape[0],), t, dtype=torch.long)
            bar = alphas_cumprod.to(im.device)[t].view(-1, 1, 1, 1)
            im_noisy = torch.sqrt(bar) * im + torch.sqrt(1 - bar) * torch.randn_like(im)
            return im_noisy.clone()
        """,
    ),
)
