"""Text of stand-ins for answers that a training run needs and that are broken.

They are written apart from the solutions, so that an answer that looks at what stands beside it
sees no reference; they train as well.
"""

from __future__ import annotations

from collections.abc import Mapping

NETWORKS = """
def _same(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, 1, 1), nn.BatchNorm2d(o), nn.GELU())


def _twice(i, o):
    return nn.Sequential(_same(i, o), _same(o, o))


def _narrower(i, o):
    halve = nn.Sequential(nn.Conv2d(i, o, 3, 2, 1), nn.BatchNorm2d(o), nn.GELU())
    return nn.Sequential(halve, _twice(o, o))


def _wider(i, o):
    double = nn.Sequential(nn.ConvTranspose2d(i, o, 4, 2, 1), nn.BatchNorm2d(o), nn.GELU())
    return nn.Sequential(double, _twice(o, o))


def _shift(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.GELU(), nn.Linear(o, o))


class _StandIn(nn.Module):
    def __init__(self, channels, classes, d, timed):
        super().__init__()
        self.classes = classes
        self.a, self.b, self.c = _twice(channels, d), _narrower(d, d), _narrower(d, 2 * d)
        self.pool = nn.Sequential(nn.AvgPool2d(7), nn.GELU())
        unfold = nn.ConvTranspose2d(2 * d, 2 * d, 7, 7, 0)
        self.unpool = nn.Sequential(unfold, nn.BatchNorm2d(2 * d), nn.GELU())
        self.p, self.q, self.r = _wider(4 * d, d), _wider(2 * d, d), _twice(2 * d, d)
        self.end = nn.Conv2d(d, channels, 3, 1, 1)
        if timed:
            self.t1, self.t2 = _shift(1, 2 * d), _shift(1, d)
        if classes:
            self.c1, self.c2 = _shift(classes, 2 * d), _shift(classes, d)

    def _join(self, x, scales, shifts):
        a = self.a(x)
        b = self.b(a)
        c = self.c(b)
        y = self.unpool(self.pool(c)) * scales[0] + shifts[0]
        y = self.p(torch.cat((y, c), 1)) * scales[1] + shifts[1]
        return self.end(self.r(torch.cat((self.q(torch.cat((y, b), 1)), a), 1)))

    def forward(self, x, *conditions, mask=None):
        if not conditions:
            return self._join(x, (1, 1), (0, 0))
        t = conditions[-1].reshape(-1, 1).to(x)
        shifts = [layer(t)[..., None, None] for layer in (self.t1, self.t2)]
        if not self.classes:
            return self._join(x, (1, 1), shifts)
        hot = F.one_hot(conditions[0].long(), self.classes).to(x)
        if mask is not None:
            hot = hot * mask.reshape(-1, 1).to(x)
        scales = [layer(hot)[..., None, None] for layer in (self.c1, self.c2)]
        return self._join(x, scales, shifts)
"""

UNCONDITIONAL = f"""{NETWORKS}
def UnconditionalUNet(in_channels, num_hiddens):
    return _StandIn(in_channels, 0, num_hiddens, False)
"""
TIME = f"""{NETWORKS}
def TimeConditionalUNet(in_channels, num_classes, num_hiddens):
    return _StandIn(in_channels, 0, num_hiddens, True)
"""
CLASS = f"""{NETWORKS}
def ClassConditionalUNet(in_channels, num_classes, num_hiddens):
    return _StandIn(in_channels, num_classes, num_hiddens, True)
"""
NOISE = """
def add_noise(x, sigma):
    return torch.normal(x, float(sigma))
"""
SCHEDULE = """
def ddpm_schedule(beta1, beta2, num_ts):
    steps = torch.arange(num_ts, dtype=torch.float64) / max(num_ts - 1, 1)
    betas = beta1 + (beta2 - beta1) * steps
    kept = torch.exp(torch.cumsum(torch.log1p(-betas), 0))
    return {"betas": betas.float(), "alphas": (1 - betas).float(), "alpha_bars": kept.float()}
"""
FORWARD_CLASS = """
def ddpm_forward_class(unet, schedule, x_0, c, p_uncond, num_ts):
    n, device = x_0.shape[0], x_0.device
    index = torch.multinomial(torch.ones(num_ts, device=device), n, replacement=True)
    noise = torch.normal(torch.zeros_like(x_0), 1.0)
    signal = schedule["alpha_bars"].to(device).index_select(0, index).reshape(n, 1, 1, 1)
    kept = torch.bernoulli(torch.full((n,), 1.0 - p_uncond, device=device))
    seen = torch.sqrt(signal) * x_0 + torch.sqrt(1.0 - signal) * noise
    return torch.square(unet(seen, c, (index + 1) / num_ts, mask=kept) - noise).mean()
"""

STANDINS: Mapping[str, str] = {
    "b1_1_unet": UNCONDITIONAL,
    "b1_2_noise": NOISE,
    "b2_1_time_unet": TIME,
    "b2_4_class_unet": CLASS,
    "b2_2_schedule": SCHEDULE,
    "b2_4_forward": FORWARD_CLASS,
}
