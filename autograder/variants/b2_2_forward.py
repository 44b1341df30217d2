"""Correct answers of `ddpm_forward` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "zero-based-index",
        "Timesteps are drawn from 0 as indices; the loss is written out.",
        source="""
        import torch

        def ddpm_forward(unet, schedule, x_0, num_ts):
            n = x_0.shape[0]
            i = torch.randint(0, num_ts, (n, 1, 1, 1))
            bars = schedule["alpha_bars"][i]
            noise = torch.randn(x_0.shape)
            x_t = torch.sqrt(bars) * x_0 + torch.sqrt(1.0 - bars) * noise
            predicted = unet(x_t, ((i + 1) / num_ts).view(n))
            return ((predicted - noise) ** 2).mean()
        """,
    ),
    Variant(
        "columns-and-keywords",
        "The time is a column and is passed by name; the criterion is a module.",
        source="""
        def noised(x, bar, eps):
            return x.mul(bar**0.5).add(eps * (1 - bar) ** 0.5)

        def ddpm_forward(unet, schedule, x_0, num_ts):
            t = torch.randint(low=1, high=num_ts + 1, size=(len(x_0), 1))
            bar = torch.gather(schedule["alpha_bars"], 0, t[:, 0] - 1)[:, None, None, None]
            eps = torch.empty_like(x_0).normal_()
            print("batch of", len(x_0))
            return nn.MSELoss()(unet(noised(x_0, bar, eps), t=t.float() / num_ts), eps)
        """,
    ),
    Variant(
        "numpy-tables",
        "Roots are NumPy tables, and times come from torch.rand.",
        source="""
        def ddpm_forward(unet, schedule, x_0, num_ts):
            bars = schedule["alpha_bars"].numpy().astype(np.float64)
            t = torch.ceil(torch.rand(len(x_0), dtype=torch.float64) * num_ts).clamp(1, num_ts)
            index = t.long().numpy() - 1
            a = torch.tensor(np.sqrt(bars)[index], dtype=x_0.dtype)
            b = torch.tensor(np.sqrt(1 - bars)[index], dtype=x_0.dtype)
            eps = torch.randn_like(x_0)
            x_t = torch.einsum("n,nchw->nchw", a, x_0) + torch.einsum("n,nchw->nchw", b, eps)
            out = unet(x_t, (t / num_ts).to(x_0.dtype))
            return (out - eps).square().flatten(1).mean(1).mean()
        """,
    ),
    Variant(
        "random-choice",
        "Timesteps by torch.multinomial, the noise in a second tensor of its own.",
        (
            (
                "t = torch.randint(1, num_ts + 1, (len(x_0),), device=x_0.device)",
                "t = 1 + torch.ones(num_ts).multinomial(len(x_0), replacement=True)",
            ),
        ),
    ),
)
