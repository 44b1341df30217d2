"""Claims about B 1.2 and B 2.5: noise, and the two training loops."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from solutions import training
from solutions.ddpm import ddpm_schedule
from solutions.unet import ClassConditionalUNet, UnconditionalUNet


@pytest.mark.parametrize("sigma", [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])
def test_noise_has_the_stated_scale(sigma: float) -> None:
    """The difference z - x is Gaussian of standard deviation sigma; x is not scaled or changed."""
    x = torch.rand(8, 1, 28, 28)
    before = x.clone()
    torch.manual_seed(2)
    z = training.add_noise(x, sigma)
    torch.manual_seed(2)
    torch.testing.assert_close(z, before + sigma * torch.randn(x.shape))
    assert x.equal(before)


class Gain(nn.Module):
    """A denoiser of one weight, D(z) = w z, or a noise predictor that ignores class and time."""

    def __init__(self, weight: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.inputs: list[Tensor] = []
        self.modes: list[bool] = []

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        t: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Scale the input and note it."""
        self.inputs.append(z.detach().clone())
        self.modes.append(self.training)
        return self.weight * z


def adam_on_parabola(lr: float, steps: int) -> list[float]:
    """Minimise (w - 1)^2 from w = 0 by Kingma & Ba (2015), Algorithm 1; give w before each step."""
    w, m, v, weights = 0.0, 0.0, 0.0, []
    for k in range(1, steps + 1):
        weights.append(w)
        gradient = 2 * (w - 1)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        w -= lr * (m / (1 - 0.9**k)) / ((v / (1 - 0.999**k)) ** 0.5 + 1e-8)
    return weights


class Batches:
    """A loader of fixed batches that notes a net's weight before each."""

    def __init__(self, net: Gain, batches: int = 3) -> None:
        self.net = net
        self.weights: list[float] = []
        self.batches = batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Give `batches` equal batches of ones."""
        for _ in range(self.batches):
            self.weights.append(self.net.weight.item())
            yield torch.ones(8, 1, 4, 4), torch.zeros(8, dtype=torch.int64)


@pytest.mark.parametrize("lr", [1e-1, 1e-2])
def test_the_denoiser_follows_adam(lr: float) -> None:
    """On images of ones without noise, the loss of D(z) = w z is (w - 1)^2 at Adam's weights."""
    net = Gain()
    loader = Batches(net)
    losses = training.train_denoiser(net, loader, sigma=0.0, num_epochs=4, lr=lr)
    expected = adam_on_parabola(lr, steps=12)
    assert loader.weights == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert losses == pytest.approx([(w - 1) ** 2 for w in expected], rel=1e-4)


def test_the_denoiser_sees_fresh_noise_in_every_batch() -> None:
    """Inputs are the images plus noise of sigma, new each time; the target stays clean."""
    net = Gain()
    losses = training.train_denoiser(net, Batches(net, 50), sigma=0.5, num_epochs=2, lr=0.0)
    noise = torch.stack(net.inputs) - 1
    assert noise.std().item() == pytest.approx(0.5, abs=0.02)
    assert noise.mean().item() == pytest.approx(0.0, abs=0.02)
    assert len(noise.flatten(1).unique(dim=0)) == 100
    # The weight stays 0, so D(z) = 0 misses images of ones by 1, whatever the noise.
    assert losses == pytest.approx([1.0] * 100)


@pytest.mark.parametrize(("num_epochs", "batches"), [(1, 2), (4, 3), (20, 2)])
def test_the_rate_falls_once_an_epoch_to_a_tenth(num_epochs: int, batches: int) -> None:
    """With a constant gradient, Adam moves the weight by exactly the rate of the epoch."""
    net = Gain()
    net.weight.register_hook(torch.ones_like)
    loader = Batches(net, batches)
    schedule = ddpm_schedule(1e-4, 0.02, 10)
    losses = training.train_ddpm(net, schedule, loader, 10, num_epochs, 1e-2, 0.1)
    weights = [*loader.weights, net.weight.item()]
    moves = [before - after for before, after in pairwise(weights)]
    rates = [1e-2 * 0.1 ** (e / num_epochs) for e in range(num_epochs) for _ in range(batches)]
    assert moves == pytest.approx(rates, rel=1e-2)
    assert len(losses) == num_epochs * batches


def test_both_loops_train_in_train_mode() -> None:
    """BatchNorm needs train mode, even if the net was last used to sample."""
    net = Gain().eval()
    training.train_denoiser(net, Batches(net), sigma=0.5, num_epochs=1, lr=0.0)
    net.eval()
    training.train_ddpm(net, ddpm_schedule(1e-4, 0.02, 10), Batches(net), 10, 1, 1e-3, 0.1)
    assert all(net.modes)
    assert len(net.modes) == 6


def digits() -> list[tuple[Tensor, Tensor]]:
    """Make two classes of simple pictures, a bar that stands and one that lies."""
    x = torch.zeros(32, 1, 28, 28)
    x[::2, :, 4:24, 12:16] = 1
    x[1::2, :, 12:16, 4:24] = 1
    return [(x, torch.arange(32) % 2)]


def test_the_denoiser_learns() -> None:
    """On one batch of bars, the error falls below a third of its start."""
    losses = training.train_denoiser(UnconditionalUNet(1, 8), digits(), 0.5, 40, 1e-2)
    assert sum(losses[-3:]) / 3 < losses[0] / 3


def test_the_ddpm_learns() -> None:
    """On one batch of bars, the error falls well below that of no prediction, 1."""
    net = ClassConditionalUNet(1, 2, 8)
    schedule = ddpm_schedule(1e-4, 0.02, 400)
    losses = training.train_ddpm(net, schedule, digits(), 400, 80, 1e-2, 0.1)
    assert sum(losses[-10:]) / 10 < 0.5
