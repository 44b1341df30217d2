"""Correct training loops of the denoiser in other styles."""

from __future__ import annotations

from autograder.bank import Variant

INLINE = """
from torch.optim import Adam


def train_denoiser(unet, loader, sigma, num_epochs, lr):
    opt = Adam(list(unet.parameters()), lr)
    history = []
    for epoch in range(num_epochs):
        unet.train()
        for batch in loader:
            opt.zero_grad(set_to_none=False)
            clean = batch[0]
            eps = torch.randn(clean.shape)
            loss = ((unet(clean + sigma * eps) - clean) ** 2).mean()
            loss.backward()
            opt.step()
            history.append(float(loss.detach()))
        print(f"epoch {epoch}: {np.mean(history):.4f}")
    return history
"""

NUMPY = """
def step(unet, opt, x, sigma):
    out = unet(add_noise(x, sigma))
    loss = nn.MSELoss()(x, out)
    loss.backward()
    opt.step()
    opt.zero_grad()
    return loss.detach().numpy()


def train_denoiser(unet, loader, sigma, num_epochs, lr):
    unet = unet.train()
    opt = torch.optim.Adam(params=unet.parameters(), lr=lr, betas=(0.9, 0.999))
    losses = []
    for _ in range(num_epochs):
        losses += [np.float64(step(unet, opt, x, sigma)) for x, _ in tqdm(loader)]
    return losses
"""

VARIANTS = (
    Variant("inline", "The noise and the loss are written out.", source=INLINE),
    Variant("helper", "A step in a helper, gradients cleared after it, NumPy.", source=NUMPY),
    Variant(
        "sum-over-count",
        "The loss is a sum divided by the number of pixels; a tuple is returned.",
        (
            (
                "F.mse_loss(unet(add_noise(x, sigma)), x)",
                "(unet(add_noise(x, sigma)) - x).pow(2).sum() / x.numel()",
            ),
            ("    return losses", "    return tuple(losses)"),
        ),
    ),
)
