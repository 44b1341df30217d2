"""Visible checks of B 2.4 and B 2.5: loss, training and sampling with classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .expect import close, require, tensor, unchanged
from .expect import losses as expect_losses
from .fake_digits import SIDE, Call, FakeNet, knowing, schedule, silent
from .part_b_ddpm import (
    expect_countdown,
    expect_loss,
    expect_noise_target,
    expect_noising,
    expect_spreads,
)
from .registry import visible

_NUM_TS = 400
_STEPS = 6


def _loss(ddpm_forward_class: Any, p_uncond: float) -> tuple[Call, Tensor, Tensor]:
    """Compute the loss of a network that answers 0 on 2,000 flat digits of all classes."""
    net = FakeNet(silent)
    x, c = torch.full((2000, 1, SIDE, SIDE), 10.0), torch.arange(2000) % 10
    before = c.clone()
    loss = ddpm_forward_class(net, schedule(_NUM_TS), x, c, p_uncond, _NUM_TS)
    unchanged(before, c, "the classes c")
    require(len(net.calls) == 1, f"the network was called {len(net.calls)} times; expected once")
    call = net.calls[0]
    require(call.c is not None, "the network was called without the classes: unet(x, c, t, mask)")
    return call, c, loss


@visible("b2_4_forward", "scalar")
def _class_scalar(ddpm_forward_class: Any) -> None:
    _, _, loss = _loss(ddpm_forward_class, 0.1)
    expect_loss(loss)


@visible("b2_4_forward", "noising")
def _class_noising(ddpm_forward_class: Any) -> None:
    call, _, _ = _loss(ddpm_forward_class, 0.1)
    expect_noising([call], 10.0, _NUM_TS)


@visible("b2_4_forward", "target")
def _class_target(ddpm_forward_class: Any) -> None:
    _, _, loss = _loss(ddpm_forward_class, 0.1)
    expect_noise_target(loss)


@visible("b2_4_forward", "dropped_classes")
def _class_dropped(ddpm_forward_class: Any) -> None:
    for p_uncond in (0.0, 0.3, 1.0):
        call, c, _ = _loss(ddpm_forward_class, p_uncond)
        require(
            call.c is not None and torch.equal(call.c, c), "the network was given other classes"
        )
        mask = torch.ones(2000) if call.mask is None else call.mask
        require(
            len(mask) == 2000 and bool(((mask == 0) | (mask == 1)).all()),
            "the mask must have a 0 or a 1 for each digit",
        )
        dropped = 1 - float(mask.float().mean())
        hint = "; 1 keeps a class, 0 drops it" if abs(1 - dropped - p_uncond) < 0.04 else ""
        require(
            abs(dropped - p_uncond) < 0.05,
            f"with p_uncond = {p_uncond} the mask drops {dropped:.0%} of the classes; expected "
            f"{p_uncond:.0%}{hint}",
        )


def _train(train_ddpm: Any) -> tuple[FakeNet, Any]:
    """Train for two epochs of three batches a network whose loss pulls one way all the time."""
    net = FakeNet(silent, value=-20.0)
    batch = (torch.full((16, 1, SIDE, SIDE), 0.5), torch.arange(16) % 10)
    return net, train_ddpm(net, schedule(_NUM_TS), [batch] * 3, _NUM_TS, 2, 0.01, 0.1)


def _steps(net: FakeNet) -> list[float]:
    return [later - earlier for earlier, later in zip(net.values, net.values[1:], strict=False)]


@visible("b2_5_train", "losses")
def _train_losses(train_ddpm: Any) -> None:
    _, losses = _train(train_ddpm)
    expect_losses(losses, 6)  # three batches, two epochs


@visible("b2_5_train", "learns")
def _train_learns(train_ddpm: Any) -> None:
    net, losses = _train(train_ddpm)
    require(len(net.values) == 6, f"the network was called {len(net.values)} times; expected 6")
    require(any(_steps(net)), "the network's parameters do not change; is optimizer.step() called?")
    require(losses[-1] < losses[0], "the loss grows")


@visible("b2_5_train", "learning_rate")
def _train_rate(train_ddpm: Any) -> None:
    net, _ = _train(train_ddpm)
    steps = _steps(net)
    message = f"the first step has size {steps[0]:.4f}; Adam with lr = 0.01 makes one of 0.0100"
    close(steps[0], 0.01, 5e-4, message)
    message = "the learning rate changes within an epoch; step the scheduler once an epoch"
    close(steps[2], 0.01, 5e-4, message)
    message = (
        f"in the second of two epochs the steps have size {steps[3]:.4f}; with "
        "gamma = 0.1 ** (1 / num_epochs) they are 0.0032"
    )
    close(steps[3], 0.00316, 3e-4, message)


def _picture(call: Call) -> Tensor:
    """Return the clean digit: 0.1 for a dropped class, else 0.1 and 0.05 for each class."""
    require(call.c is not None, "the network was called without the classes: unet(x, c, t, mask)")
    mask = torch.ones(len(call.x)) if call.mask is None else call.mask
    value = 0.1 + 0.05 * torch.as_tensor(call.c).float() * mask
    return value.reshape(-1, 1, 1, 1)


def _sample(ddpm_sample_class: Any, scale: float = 3.0) -> tuple[FakeNet, Tensor, Tensor]:
    """Sample three classes with a network that knows the digits; return the guided ones too."""
    table = schedule(_STEPS, 0.1, 0.5)
    net = FakeNet(knowing(table["alpha_bars"], _picture))
    c = torch.tensor([1, 4, 9])
    result = ddpm_sample_class(net, table, c, (28, 28), _STEPS, guidance_scale=scale)
    guided = (0.1 + 0.05 * scale * c.float()).reshape(-1, 1, 1, 1)
    return net, guided, tensor(result, (3, 1, 28, 28), "the samples of three classes")


@visible("b2_5_sample", "shape")
def _sampling_shape(ddpm_sample_class: Any) -> None:
    _, _, result = _sample(ddpm_sample_class)
    message = "the samples carry a gradient: put the loop in torch.no_grad()"
    require(not result.requires_grad, message)


@visible("b2_5_sample", "both_passes")
def _sampling_passes(ddpm_sample_class: Any) -> None:
    net, _, _ = _sample(ddpm_sample_class)
    masks = [torch.ones(3) if call.mask is None else call.mask.float() for call in net.calls]
    together = torch.cat(masks)
    message = "at every step the network must be asked with the class and with a mask of zeros"
    require(len(together) == 6 * _STEPS and float(together.mean()) == 0.5, message)
    expect_countdown(net.calls, _STEPS, len(net.calls) // _STEPS)


@visible("b2_5_sample", "guidance")
def _sampling_guidance(ddpm_sample_class: Any) -> None:
    for scale in (3.0, 0.0, 1.0):
        _, guided, result = _sample(ddpm_sample_class, scale)
        error = float((result.mean((1, 2, 3)) - guided.flatten()).abs().max())
        message = f"with guidance_scale = {scale:g} the samples are not what guidance leads to"
        require(error < 0.05, message)


@visible("b2_5_sample", "mean")
def _sampling_mean(ddpm_sample_class: Any) -> None:
    net, guided, _ = _sample(ddpm_sample_class)
    # Both passes see the same image; in one batch they lie one after the other.
    expect_spreads([Call(call.x[:3], call.t[:3]) for call in net.calls], guided)


@visible("b2_5_sample", "last_step")
def _sampling_last(ddpm_sample_class: Any) -> None:
    _, guided, result = _sample(ddpm_sample_class)
    message = "the samples have noise in them: the last step, from t = 1, adds none"
    close(result.std((1, 2, 3)), torch.zeros(len(guided)), 1e-3, message)
