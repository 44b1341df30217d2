"""Correct answers of `ddpm_forward_class` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "bernoulli",
        "The mask is a Bernoulli draw and is passed by position; the loss is written out.",
        source="""
        import torch

        def ddpm_forward_class(unet, schedule, x_0, c, p_uncond, num_ts):
            n = x_0.shape[0]
            keep = torch.bernoulli(torch.full((n,), 1.0 - p_uncond))
            i = torch.randint(0, num_ts, (n,))
            bars = schedule["alpha_bars"][i].reshape(n, 1, 1, 1)
            noise = torch.randn(x_0.shape)
            x_t = torch.sqrt(bars) * x_0 + torch.sqrt(1.0 - bars) * noise
            predicted = unet(x_t, c, (i + 1) / num_ts, keep)
            return torch.mean((predicted - noise) ** 2)
        """,
    ),
    Variant(
        "column-mask-and-keywords",
        "Mask and time are columns, and everything is passed by name.",
        source="""
        def dropout_mask(n, p):
            mask = torch.ones(n, 1)
            mask[torch.rand(n, 1) < p] = 0
            return mask

        def ddpm_forward_class(unet, schedule, x_0, c, p_uncond, num_ts):
            t = torch.randint(1, num_ts + 1, (len(x_0), 1))
            bar = schedule["alpha_bars"][t - 1][:, :, None, None]
            eps = torch.empty_like(x_0).normal_()
            x = bar**0.5 * x_0 + (1 - bar) ** 0.5 * eps
            mask = dropout_mask(len(x_0), p_uncond)
            print("kept", int(mask.sum()))
            return nn.MSELoss()(unet(x=x, c=c, t=t / num_ts, mask=mask), eps)
        """,
    ),
    Variant(
        "numpy-draws",
        "Mask and times are drawn by NumPy; the mask is boolean.",
        source="""
        def ddpm_forward_class(unet, schedule, x_0, c, p_uncond, num_ts):
            t = torch.from_numpy(np.random.randint(1, num_ts + 1, size=len(x_0)))
            mask = torch.from_numpy(np.random.uniform(size=len(x_0)) >= p_uncond)
            bar = schedule["alpha_bars"].double()[t - 1].view(-1, 1, 1, 1)
            eps = torch.randn_like(x_0)
            x_t = (bar.sqrt() * x_0 + (1 - bar).sqrt() * eps).float()
            return (unet(x_t, c, (t / num_ts).float(), mask=mask) - eps).pow(2).mean()
        """,
    ),
    Variant(
        "one-minus-dropped",
        "The mask is one less the dropped classes.",
        (
            (
                "mask = (torch.rand(len(x_0), device=x_0.device) >= p_uncond).to(x_0)",
                "mask = 1 - (torch.rand(len(x_0)) < p_uncond).float()",
            ),
        ),
    ),
)
