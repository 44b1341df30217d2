"""Visible checks of B 2.2 and B 2.3: the training loss and the sampler, without classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .expect import close, require, spread, tensor, unchanged
from .fake_digits import SIDE, Call, FakeNet, knowing, schedule, silent
from .registry import visible

_NUM_TS = 400


def expect_noising(calls: list[Call], x_0: float, num_ts: int) -> None:
    """Expect flat digits of a known value under the noise of their own timestep."""
    alpha_bars = schedule(num_ts)["alpha_bars"]
    for call in calls:
        index = (call.t * num_ts).round().long() - 1
        signal = alpha_bars[index.clamp(min=0)].reshape(-1, 1, 1, 1)
        noise = (call.x - signal**0.5 * x_0) * (1 - signal) ** -0.5
        # Each image has 64 values; over a batch of 512 the spread is known to 0.4 %.
        require(
            abs(spread(noise) - 1) < 0.03 and abs(float(noise.mean())) < 0.03,
            "the noisy digits do not follow the forward process: sqrt(alpha_bar) times the digit "
            "plus sqrt(1 - alpha_bar) times the noise, with alpha_bars[t - 1] of each digit's t",
        )


def expect_times(calls: list[Call], num_ts: int) -> None:
    """Expect a time of its own for each digit, over all of 1 / num_ts .. 1."""
    times = torch.cat([call.t for call in calls]) * num_ts
    require(
        len(set(times.round().tolist())) > num_ts // 2,
        "nearly all digits have the same time; draw one timestep for each digit",
    )
    message = f"the times are not whole multiples of 1 / num_ts = 1 / {num_ts}"
    close(times, times.round(), 1e-2, message)
    message = "a time of 0 was given to the network; timesteps run from 1 to num_ts"
    require(float(times.min()) > 0.5, message)


def _loss(ddpm_forward: Any, x_0: float = 10.0) -> tuple[FakeNet, Tensor]:
    """Compute the loss of a network that answers 0 on 512 flat digits."""
    net = FakeNet(silent)
    x = torch.full((512, 1, SIDE, SIDE), x_0)
    before = x.clone()
    loss = ddpm_forward(net, schedule(_NUM_TS), x, _NUM_TS)
    unchanged(before, x, "x_0")
    require(len(net.calls) == 1, f"the network was called {len(net.calls)} times; expected once")
    return net, loss


@visible("b2_2_forward", "scalar")
def _forward_scalar(ddpm_forward: Any) -> None:
    _, loss = _loss(ddpm_forward)
    expect_loss(loss)


def expect_loss(loss: Any) -> None:
    """Expect a scalar that can be differentiated."""
    tensor(loss, (), "the loss")
    require(loss.requires_grad, "the loss has no gradient: leave out no_grad, detach and item")


def expect_noise_target(loss: Tensor) -> None:
    """Expect the loss of a network that answers 0: the mean square of the noise."""
    value = float(loss.detach())
    require(
        abs(value - 1) < 0.05,
        f"a network that answers 0 has a loss of {value:.3f}; against the noise it is 1 "
        "(the network predicts the noise, not the digit; take the mean, not the sum)",
    )


@visible("b2_2_forward", "noising")
def _forward_noising(ddpm_forward: Any) -> None:
    net, _ = _loss(ddpm_forward)
    expect_noising(net.calls, 10.0, _NUM_TS)


@visible("b2_2_forward", "time_input")
def _forward_times(ddpm_forward: Any) -> None:
    net = FakeNet(silent)
    for _ in range(4):
        ddpm_forward(net, schedule(_NUM_TS), torch.zeros(512, 1, SIDE, SIDE), _NUM_TS)
    expect_times(net.calls, _NUM_TS)


@visible("b2_2_forward", "target")
def _forward_target(ddpm_forward: Any) -> None:
    _, loss = _loss(ddpm_forward)
    expect_noise_target(loss)


_STEPS = 6
_SPREADS = (1.0, 0.9434, 0.8704, 0.7693, 0.6371, 0.4780)
"""Standard deviations of the noise at t = 6 .. 1 for betas from 0.1 to 0.5 and a known picture."""


def _sample(ddpm_sample: Any, seed: int = 0) -> tuple[FakeNet, Tensor]:
    """Sample with a network that knows the digits: flat ones of 0.5."""
    table = schedule(_STEPS, 0.1, 0.5)
    net = FakeNet(knowing(table["alpha_bars"], lambda _: torch.tensor(0.5)))
    result = ddpm_sample(net, table, (24, 20), _STEPS, seed=seed)
    return net, tensor(result, (16, 1, 24, 20), "the samples for img_wh = (24, 20)")


@visible("b2_3_sample", "shape")
def _sample_shape(ddpm_sample: Any) -> None:
    _, first = _sample(ddpm_sample)
    message = "the samples carry a gradient: put the loop in torch.no_grad()"
    require(not first.requires_grad, message)


@visible("b2_3_sample", "time_input")
def _sample_times(ddpm_sample: Any) -> None:
    net, _ = _sample(ddpm_sample)
    expect_countdown(net.calls, _STEPS)


def expect_countdown(calls: list[Call], num_ts: int, per_step: int = 1) -> None:
    """Expect calls at t = num_ts, ..., 1, each divided by num_ts."""
    require(calls, "the network was never called")
    times = [float(call.t[0]) * num_ts for call in calls][::per_step]
    require(
        len(calls) == num_ts * per_step,
        f"the network was called {len(calls)} times for num_ts = {num_ts}; "
        f"expected {num_ts * per_step}",
    )
    wanted = [float(num_ts - step) for step in range(num_ts)]
    require(
        torch.allclose(torch.tensor(times), torch.tensor(wanted), atol=1e-3),
        f"the times start {times[0]:.2f} / {num_ts} and end {times[-1]:.2f} / {num_ts}; expected "
        f"t / num_ts for t = {num_ts}, ..., 1",
    )


@visible("b2_3_sample", "mean")
def _sample_mean(ddpm_sample: Any) -> None:
    _, result = _sample(ddpm_sample)
    message = (
        "with a network that knows the noise exactly, the samples are not the clean digits; "
        "compare the two weights of the step with the equation, and alpha_bar_0 = 1"
    )
    require(abs(float(result.mean()) - 0.5) < 0.02, message)


@visible("b2_3_sample", "variance")
def _sample_variance(ddpm_sample: Any) -> None:
    net, _ = _sample(ddpm_sample)
    expect_spreads(net.calls, 0.5)


def expect_spreads(calls: list[Call], picture: Tensor | float) -> None:
    """Expect the right amount of noise in what the network sees at each step."""
    alpha_bars = schedule(_STEPS, 0.1, 0.5)["alpha_bars"]
    for call in calls:
        t = round(float(call.t[0]) * _STEPS)
        noise = spread(call.x - alpha_bars[t - 1] ** 0.5 * picture)
        wanted = _SPREADS[_STEPS - t]
        require(
            abs(noise - wanted) < 0.05 * wanted,
            f"at t = {t} of {_STEPS} the image has noise of {noise:.3f}; expected {wanted:.3f}. "
            "A step to t - 1 adds sqrt(beta_t) times new noise",
        )


@visible("b2_3_sample", "last_step")
def _sample_last(ddpm_sample: Any) -> None:
    _, result = _sample(ddpm_sample)
    message = "the samples have noise in them: the last step, from t = 1, adds none"
    require(spread(result) < 1e-3, message)
