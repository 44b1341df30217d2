"""Correct samplers in other styles."""

from __future__ import annotations

from autograder.bank import Variant

EPS_FORM = """
@torch.no_grad()
def ddpm_sample(unet, schedule, img_wh, num_ts, seed=0):
    torch.manual_seed(seed)
    unet.eval()
    H, W = img_wh
    x = torch.randn((16, 1, H, W))
    for t in tqdm(reversed(range(1, num_ts + 1)), total=num_ts):
        i = t - 1
        b, a, ab = schedule["betas"][i], schedule["alphas"][i], schedule["alpha_bars"][i]
        eps = unet(x, torch.tensor([t / num_ts]).repeat(16))
        x = (x - b / torch.sqrt(1 - ab) * eps) / torch.sqrt(a)
        if t > 1:
            x = x + torch.sqrt(b) * torch.randn(x.shape)
    return x
"""

GENERATOR = """
def ddpm_sample(unet, schedule, img_wh, num_ts, seed=0):
    gen = torch.Generator().manual_seed(seed)
    unet.eval()
    bars = torch.cat([torch.ones(1), schedule["alpha_bars"]])
    x = torch.randn(16, 1, img_wh[0], img_wh[1], generator=gen)
    cached = []
    with torch.inference_mode():
        for t in torch.arange(num_ts, 0, -1):
            now, then = bars[t], bars[t - 1]
            beta = schedule["betas"][t - 1]
            eps = unet(x=x, t=(t / num_ts).expand(16))
            x0 = x / now ** 0.5 - (1 / now - 1) ** 0.5 * eps
            mean = then.sqrt() * beta / (1 - now) * x0
            mean = mean + (1 - beta).sqrt() * (1 - then) / (1 - now) * x
            z = torch.randn(x.shape, generator=gen)
            x = mean + (t > 1) * beta.sqrt() * z
            if t % 20 == 0:
                cached.append(x.cpu())
    print(f"kept {len(cached)} frames")
    return x
"""

NUMPY = """
def ddpm_sample(unet, schedule, img_wh, num_ts, seed=0):
    torch.manual_seed(seed)
    unet.eval()
    betas = schedule["betas"].numpy().astype(np.float64)
    bars = np.append(np.cumprod(1 - betas), 1.0)  # index -1 is alpha_bar_0
    x = torch.randn(16, 1, *img_wh)
    t = num_ts
    while t >= 1:
        with torch.no_grad():
            eps = unet(x, torch.ones(16) * t / num_ts)
        beta, bar, prev = betas[t - 1], bars[t - 1], bars[t - 2]
        x0 = (x - math.sqrt(1 - bar) * eps) / math.sqrt(bar)
        x = math.sqrt(1 - beta) * (1 - prev) / (1 - bar) * x
        x = x + math.sqrt(prev) * beta / (1 - bar) * x0
        if t != 1:
            x += math.sqrt(beta) * torch.randn_like(x)
        t -= 1
    return x.clone()
"""

VARIANTS = (
    Variant("noise-form", "The mean by the noise, not by the clean estimate.", source=EPS_FORM),
    Variant("own-generator", "A generator of its own, 0-d timesteps, frames.", source=GENERATOR),
    Variant("numpy-tables", "Tables are NumPy's, in a while loop.", source=NUMPY),
)
