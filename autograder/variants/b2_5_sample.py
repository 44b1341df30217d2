"""Correct guided samplers in other styles."""

from __future__ import annotations

from autograder.bank import Variant

BATCHED = """
@torch.no_grad()
def ddpm_sample_class(unet, schedule, c, img_wh, num_ts, guidance_scale=5.0, seed=0):
    torch.manual_seed(seed)
    unet.eval()
    n = c.shape[0]
    x = torch.randn(n, 1, img_wh[0], img_wh[1])
    mask = torch.cat([torch.zeros(n), torch.ones(n)])
    for t in range(num_ts, 0, -1):
        b, a, ab = (schedule[k][t - 1] for k in ("betas", "alphas", "alpha_bars"))
        out = unet(x.repeat(2, 1, 1, 1), c.repeat(2), torch.full((2 * n,), t / num_ts), mask)
        eps_u, eps_c = out.chunk(2)
        eps = torch.lerp(eps_u, eps_c, guidance_scale)
        x = (x - b / (1 - ab).sqrt() * eps) / a.sqrt()
        x = x + b.sqrt() * torch.randn(x.shape) if t > 1 else x
    return x
"""

NO_MASK = """
def guide(unet, x, c, t, scale):
    u = unet(x, c, t, torch.zeros(len(c)))
    cond = unet(x, c, t)
    return (1 - scale) * u + scale * cond

def ddpm_sample_class(unet, schedule, c, img_wh, num_ts, guidance_scale=5.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    unet.eval()
    bars = torch.cat([torch.ones(1), schedule["alpha_bars"]])
    x = torch.randn(len(c), 1, *img_wh, generator=generator)
    for t in tqdm(torch.arange(num_ts, 0, -1), disable=True):
        with torch.no_grad():
            eps = guide(unet, x, c, (t / num_ts).repeat(len(c)), guidance_scale)
        now, then, beta = bars[t], bars[t - 1], schedule["betas"][t - 1]
        x0 = (x - torch.sqrt(1 - now) * eps) / torch.sqrt(now)
        x = torch.sqrt(then) * beta * x0 / (1 - now) + torch.sqrt(1 - beta) * (1 - then) * x / (
            1 - now)
        x = x + torch.sqrt(beta) * torch.randn(x.shape, generator=generator) * (t > 1)
    print("done")
    return x
"""

VARIANTS = (
    Variant("batched", "Both passes in one call of twice the batch.", source=BATCHED),
    Variant("no-mask-keeps", "No mask for the conditional pass, a helper.", source=NO_MASK),
    Variant(
        "keywords",
        "Keyword arguments, the unconditional pass first.",
        (
            ("            epsilon_c = unet(x, c, t_norm, mask=keep)\n", ""),
            (
                "epsilon_u = unet(x, c, t_norm, mask=drop)\n",
                "epsilon_u = unet(x=x, c=c, t=t_norm, mask=drop)\n"
                "            epsilon_c = unet(x, mask=keep, c=c, t=t_norm)\n",
            ),
        ),
    ),
)
