"""Visible checks of B 1.2 and of the schedule: adding noise, training the denoiser."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .expect import close, mean, require, spread, tensor, unchanged
from .expect import losses as expect_losses
from .fake_digits import SIDE, FakeDenoiser, schedule
from .registry import visible

_SIGMA = 0.5


@visible("b1_2_noise", "shape")
def _noise_shape(add_noise: Any) -> None:
    x = torch.rand(4, 1, 28, 28)
    before = x.clone()
    tensor(add_noise(x, _SIGMA), x.shape)
    unchanged(before, x, "x")
    close(add_noise(x, 0.0), x, 1e-6, "with sigma = 0 the result is not x itself")


@visible("b1_2_noise", "statistics")
def _noise_statistics(add_noise: Any) -> None:
    x = torch.full((32, 1, 28, 28), 0.7)
    noise = tensor(add_noise(x, _SIGMA), x.shape) - x
    if 0.05 < spread(noise) < 0.45 and float(noise.max()) < 0.31:
        require(False, "the noisy digits are clipped to [0, 1]; leave them as they are")
    require(
        abs(mean(noise)) < 0.02 and abs(spread(noise) - _SIGMA) < 0.02,
        f"with sigma = 0.5 the noise has mean {mean(noise):.3f} and standard deviation "
        f"{spread(noise):.3f}; expected 0 and 0.5 (torch.randn_like, times sigma)",
    )
    require(not torch.equal(add_noise(x, _SIGMA) - x, noise), "two calls give the same noise")


def _loader() -> list[tuple[Tensor, Tensor]]:
    """Return three batches of flat digits, of 0.2, 0.5 and 0.8, with labels."""
    shape = (16, 1, SIDE, SIDE)
    return [(torch.full(shape, value), torch.zeros(16).long()) for value in (0.2, 0.5, 0.8)]


def _train(train_denoiser: Any, lr: float = 0.05, value: float = 0.0) -> tuple[FakeDenoiser, Any]:
    """Train the stand-in denoiser for two epochs."""
    net = FakeDenoiser(value)
    return net, train_denoiser(net, _loader(), _SIGMA, 2, lr)


@visible("b1_2_train", "losses")
def _train_losses(train_denoiser: Any) -> None:
    _, losses = _train(train_denoiser)
    expect_losses(losses, 6)  # three batches, two epochs


@visible("b1_2_train", "learns")
def _train_learns(train_denoiser: Any) -> None:
    net, _ = _train(train_denoiser, lr=0.01)
    steps = [later - earlier for earlier, later in zip(net.values, net.values[1:], strict=False)]
    require(any(steps), "the network's parameters do not change; is optimizer.step() called?")
    require(steps[0] > 0, "the loss grows: the first step goes the wrong way")
    message = f"the first step has size {steps[0]:.4f}; Adam with lr = 0.01 makes one of 0.0100"
    close(steps[0], 0.01, 5e-4, message)


@visible("b1_2_train", "target")
def _train_target(train_denoiser: Any) -> None:
    _, losses = _train(train_denoiser)
    message = (
        f"a network that answers 0 for digits of 0.2 gives a loss of {losses[0]:.3f}; the mean "
        "squared error against the clean digits is 0.040"
    )
    close(losses[0], 0.04, 1e-3, message)


@visible("b1_2_train", "fresh_noise")
def _train_noise(train_denoiser: Any) -> None:
    net, _ = _train(train_denoiser)
    require(len(net.calls) == 6, f"the network was called {len(net.calls)} times; expected 6")
    batches = [x for x, _ in _loader()] * 2
    noises = [z - x for z, x in zip(net.calls, batches, strict=True)]
    for noise in noises:
        message = f"the input has noise of {spread(noise):.3f}; expected sigma = 0.5"
        require(abs(spread(noise) - _SIGMA) < 0.06, message)
    message = "both epochs see the same noise; draw it anew for every batch"
    require(not torch.allclose(noises[0], noises[3]), message)


@visible("b2_2_schedule", "keys")
def _schedule_keys(ddpm_schedule: Any) -> None:
    result = ddpm_schedule(1e-4, 0.02, 400)
    require(isinstance(result, dict), f"the result is a {type(result).__name__}, not a dict")
    wanted = {"betas", "alphas", "alpha_bars"}
    require(wanted <= set(result), f"the keys are {sorted(result)}; expected {sorted(wanted)}")


@visible("b2_2_schedule", "lengths")
def _schedule_lengths(ddpm_schedule: Any) -> None:
    for num_ts in (300, 400):
        result = ddpm_schedule(1e-4, 0.02, num_ts)
        for name in ("betas", "alphas", "alpha_bars"):
            tensor(result[name], (num_ts,), f"{name} for num_ts = {num_ts}")


@visible("b2_2_schedule", "values")
def _schedule_values(ddpm_schedule: Any) -> None:
    result, wanted = ddpm_schedule(1e-4, 0.02, 300), schedule(300)
    close(result["betas"][0], 1e-4, 1e-7, "betas does not start at beta1")
    close(result["betas"][-1], 0.02, 1e-6, "betas does not end at beta2")
    close(result["betas"], wanted["betas"], 1e-6, "betas is not evenly spaced")
    close(result["alphas"], wanted["alphas"], 1e-6, "alphas is not 1 - betas")
    last = float(result["alpha_bars"][-1])
    message = f"alpha_bars ends at {last:.4f}; the running product of the alphas ends at 0.0481"
    close(result["alpha_bars"], wanted["alpha_bars"], 1e-4, message)
