"""Correct training loops of the DDPM in other styles."""

from __future__ import annotations

from autograder.bank import Variant

INLINE = """
def noised(schedule, x, num_ts):
    t = torch.randint(low=0, high=num_ts, size=(x.shape[0],))
    eps = torch.randn(x.shape)
    ab = schedule["alpha_bars"][t][:, None, None, None]
    return ab.sqrt() * x + (1 - ab).sqrt() * eps, eps, (t + 1).float() / num_ts


def train_ddpm(unet, schedule, loader, num_ts, num_epochs, lr, p_uncond):
    opt = torch.optim.Adam(unet.parameters(), lr=lr)
    losses = []
    for epoch in range(num_epochs):
        unet.train()
        for x, c in tqdm(loader, desc=f"epoch {epoch}"):
            x_t, eps, t = noised(schedule, x, num_ts)
            mask = (torch.rand(len(x)) > p_uncond).float()
            loss = ((unet(x_t, c, t, mask) - eps) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.detach().item())
        for group in opt.param_groups:
            group["lr"] = lr * 0.1 ** ((epoch + 1) / num_epochs)
    return losses
"""

LAMBDA = """
def train_ddpm(unet, schedule, loader, num_ts, num_epochs, lr, p_uncond):
    history = []
    unet.train()
    optim = torch.optim.Adam(unet.parameters(), lr)
    sched = torch.optim.lr_scheduler.LambdaLR(optim, lambda e: 0.1 ** (e / num_epochs))
    epoch = 0
    while epoch < num_epochs:
        for i, batch in enumerate(loader):
            images, labels = batch
            optim.zero_grad()
            loss = ddpm_forward_class(
                unet, schedule, x_0=images, c=labels, p_uncond=p_uncond, num_ts=num_ts)
            loss.backward()
            optim.step()
            history.append(float(loss.detach().numpy()))
        sched.step()
        epoch += 1
        print(epoch, sum(history[-len(loader):]) / len(loader))
    return history
"""

VARIANTS = (
    Variant("inline", "The loss is written out; the rate is set by hand.", source=INLINE),
    Variant("lambda-rate", "LambdaLR, keyword arguments, a while loop.", source=LAMBDA),
    Variant(
        "step-rate",
        "StepLR of one epoch, gradients cleared last.",
        (
            (
                "ExponentialLR(optimizer, gamma=0.1 ** (1 / num_epochs))",
                "StepLR(optimizer, step_size=1, gamma=math.pow(0.1, 1 / num_epochs))",
            ),
            ("            optimizer.zero_grad()\n", ""),
            (
                "            optimizer.step()\n",
                "            optimizer.step()\n            unet.zero_grad()\n",
            ),
        ),
    ),
)
