"""Correct answers of `ddpm_schedule` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "numpy",
        "NumPy arrays in float64.",
        source="""
        def ddpm_schedule(beta1, beta2, num_ts):
            betas = np.linspace(beta1, beta2, num_ts)
            return dict(betas=betas, alphas=1 - betas, alpha_bars=np.cumprod(1 - betas))
        """,
    ),
    Variant(
        "loop",
        "A loop over timesteps, in plain Python.",
        source="""
        import torch

        def ddpm_schedule(beta1, beta2, num_ts):
            betas, alphas, bars, bar = [], [], [], 1.0
            for t in tqdm(range(num_ts)):
                beta = beta1 + (beta2 - beta1) * t / (num_ts - 1)
                bar *= 1 - beta
                betas.append(beta)
                alphas.append(1 - beta)
                bars.append(bar)
            tables = map(torch.tensor, (betas, alphas, bars))
            return dict(zip(("betas", "alphas", "alpha_bars"), tables))
        """,
    ),
    Variant(
        "logarithms-and-more-tables",
        "The product through logarithms, and tables that nobody asked for.",
        source="""
        def ddpm_schedule(beta1, beta2, num_ts):
            steps = torch.arange(num_ts, dtype=torch.float64) / (num_ts - 1)
            betas = torch.lerp(torch.tensor(beta1).double(), torch.tensor(beta2).double(), steps)
            bars = torch.log1p(-betas).cumsum(0).exp()
            print("last alpha_bar:", bars[-1].item())
            tables = {"betas": betas, "alphas": 1 - betas, "alpha_bars": bars}
            tables["sqrt_alpha_bars"] = bars.sqrt()
            return {key: table.float() for key, table in tables.items()}
        """,
    ),
)
