"""Reads a DDPM training loss from what a served network saw and from the gradient it got.

The network's output is known, and the gradient of a mean squared error is 2 (out - target) / n, so
the target that an answer compared the output with is known to float32, whatever its style. From
the target, x_0 and x_t the two coefficients of the noising follow for each image. No seed has to
match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checking import as_number, close, expect
from autograder.oracles.normality import check_standard_normal
from autograder.oracles.predictor import Predictor
from autograder.served import ModuleCall, ServedModule
from autograder.subject import Subject

# The loss goes backward where it is made; nothing but its number and the gradients comes back.
STANDINS = """
def _loss_and_backward(function, *arguments):
    loss = globals()[function](*arguments)
    if isinstance(loss, Tensor) and loss.requires_grad and loss.numel() == 1:
        loss.backward()
    return loss
"""
NUM_IMAGES, NUM_TS = 500, 5
# Chi-squared of 6 degrees of freedom (T = 7) is larger once in 2e8 draws; a missing t adds 70.
CHI_SQUARED = 50.0
TOLERANCE = 2e-3
SEEDED = "Each call must draw noise and timesteps anew: the caller decides about seeds."


@dataclass(frozen=True)
class Loss:
    """One call of a training loss.

    Attributes:
        x_0: Clean images, (N, 1, 28, 28).
        calls: What the network was asked.
        value: What came back.
        num_ts: Number of timesteps T.
        bars: alpha-bar at t = 1 .. T, (T,), float64.
        changed: Whether the clean images were overwritten.
    """

    x_0: Tensor
    calls: list[ModuleCall]
    value: Any
    num_ts: int
    bars: Tensor
    changed: bool

    @property
    def call(self) -> ModuleCall:
        """The one call of the network, or a failed check."""
        count = len(self.calls)
        expect(
            count == 1, f"The UNet must be called once, with the whole batch, not {count} times."
        )
        return self.calls[0]

    @property
    def x_t(self) -> Tensor:
        """Noisy images, (N, 1, 28, 28), or a failed check."""
        x = self.call.args[0] if self.call.args else self.call.kwargs.get("x")
        same = isinstance(x, Tensor) and x.shape == self.x_0.shape
        expect(same, "The UNet must be given noisy images of the shape of x_0.")
        assert isinstance(x, Tensor)
        return x

    def target(self) -> Tensor:
        """What the output was compared with, (N, 1, 28, 28), float64, or a failed check."""
        grad = self.call.grad_out
        if grad is None:
            expect(False, "The loss has no gradient: return the tensor, not .item() or .detach().")
        assert grad is not None
        return self.call.out.double() - grad.double() * (grad.numel() / 2)


def schedule(num_ts: int) -> dict[str, Tensor]:
    """A steep schedule, so that neighbouring timesteps are easy to tell apart; (T,) each."""
    betas = 0.02 + 0.33 * torch.arange(num_ts) / (num_ts - 1)
    alphas = 1 - betas
    return {"betas": betas, "alphas": alphas, "alpha_bars": alphas.cumprod(0)}


def images(seed: int, count: int = NUM_IMAGES) -> Tensor:
    """Random clean images, (N, 1, 28, 28), in [0, 1]."""
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


def run_loss(
    student: Subject,
    function: str,
    seed: int,
    more: tuple[Any, ...] = (),
    num_ts: int = NUM_TS,
    count: int = NUM_IMAGES,
) -> Loss:
    """Calls a training loss on random images, backward pass included.

    Args:
        student: The answer, defined with `STANDINS`.
        function: Name of the loss.
        seed: Of the images and of the student's own draws.
        more: Arguments between x_0 and num_ts.
        num_ts: Number of timesteps.
        count: Number of images.
    """
    # Images and noise of one seed would be correlated.
    unet, x_0, tables = ServedModule(Predictor()), images(seed + 1000, count), schedule(num_ts)
    arguments = [function, unet, tables, x_0, *more, num_ts]
    value, after = student.call_echo("_loss_and_backward", *arguments, seed=seed)
    bars = tables["alpha_bars"].double()
    changed = isinstance(after[3], Tensor) and not close(after[3], x_0)
    return Loss(x_0, unet.calls, value, num_ts, bars, changed)


def argument(call: ModuleCall, position: int, name: str) -> Any:
    """An argument that may come by position or by name."""
    return call.args[position] if len(call.args) > position else call.kwargs.get(name)


def whole_times(given: Any, count: int, num_ts: int) -> tuple[Tensor, str]:
    """Timesteps 1 .. T from what the network was given, and how they were given.

    Args:
        given: The network's argument.
        count: Number of images N.
        num_ts: Number of timesteps T.

    Returns:
        The timesteps, (N,), int64, and "t / T", or the name of a wrong way that could be read.
    """
    right = isinstance(given, Tensor) and given.numel() == count and given.is_floating_point()
    expect(right, "The UNet must be given t / num_ts as a float tensor with one time per image.")
    t = given.double().flatten()
    ways = {
        "t / T": t * num_ts,
        "t": t,
        "(t - 1) / T": t * num_ts + 1,
        "(t - 1) / (T - 1)": t * (num_ts - 1) + 1,
        "t - 1": t + 1,
        "t / T / T": t * num_ts**2,
    }
    for way, steps in ways.items():
        whole = steps.round()
        if bool(
            ((steps - whole).abs() < 1e-3).all() & (whole >= 1).all() & (whole <= num_ts).all()
        ):
            return whole.long(), way
    expect(False, "The times that the UNet is given are not t / num_ts with t = 1, ..., num_ts.")
    raise AssertionError  # expect(False) has raised


def check_scalar(loss: Loss) -> None:
    """The loss is one number with a gradient, of one call, and the images stay."""
    as_number(loss.value, "The loss")
    expect(loss.call.grad, "The UNet is called without gradients: no torch.no_grad() in training.")
    loss.target()
    expect(not loss.changed, "The clean images are overwritten: work on a copy.")


def check_noising(loss: Loss, given: Any) -> Tensor:
    """x_t is sqrt(alpha-bar) x_0 and normal noise of the right deviation, at every timestep.

    Args:
        loss: The call.
        given: The network's times.

    Returns:
        The noise, (N, 1, 28, 28), float64.
    """
    t, _ = whole_times(given, len(loss.x_0), loss.num_ts)
    bar = loss.bars[t - 1].view(-1, 1, 1, 1)
    noise = (loss.x_t.double() - bar.sqrt() * loss.x_0) / (1 - bar).sqrt()
    expect(
        float((noise[:-1] - noise[1:]).std()) > 0.7 * float(noise.std()),
        "All images get the same noise: draw it in the shape of x_0.",
    )
    for step in range(1, loss.num_ts + 1):
        chosen = t == step
        if int(chosen.sum()) >= 5:
            what = f"At t = {step} of {loss.num_ts} the noise in x_t"
            check_standard_normal(noise[chosen], what, independent_of=loss.x_0[chosen])
    return noise


def check_times(loss: Loss, given: Any) -> None:
    """The times are t / num_ts, with t uniform from 1 to num_ts for each image."""
    t, way = whole_times(given, len(loss.x_0), loss.num_ts)
    expect(
        way == "t / T",
        f"The UNet must be given t / num_ts with t = 1, ..., num_ts; yours looks like {way}.",
    )
    expect(len(t.unique()) > 1, "All images have the same timestep: draw one for each image.")
    counts = torch.bincount(t - 1, minlength=loss.num_ts).double()
    expected = len(t) / loss.num_ts
    statistic = float(((counts - expected) ** 2 / expected).sum())
    expect(
        statistic < CHI_SQUARED,
        "The timesteps are not uniform from 1 to num_ts, both included.",
    )


def check_target(loss: Loss) -> None:
    """The loss is the mean squared error of the output against the noise in x_t."""
    target = loss.target()
    message = (
        "The loss is not the mean squared error between the UNet's output and the noise epsilon "
        "that was added to x_0."
    )
    found = coefficients(loss, target)
    expect(found is not None, message)
    assert found is not None
    expect(
        bool((found[:, 1] > 0).all()),
        "The output is compared with minus the noise in x_t: the noise is added to x_0 there.",
    )
    check_standard_normal(target, "The noise that the output is compared with", loss.x_0)
    value = float(((loss.call.out.double() - target) ** 2).mean())
    expect(abs(as_number(loss.value, "The loss") - value) < 1e-3 * value, message)


def coefficients(loss: Loss, target: Tensor) -> Tensor | None:
    """Each image's a and b in x_t = a x_0 + b target, (N, 2), or None if that does not hold."""
    count = len(loss.x_0)
    basis = torch.stack([loss.x_0.double().view(count, -1), target.view(count, -1)], dim=2)
    goal = loss.x_t.double().view(count, -1, 1)
    normal = basis.transpose(1, 2) @ basis
    if not bool(torch.isfinite(normal).all()) or float(torch.linalg.det(normal).abs().min()) < 1e-3:
        return None
    found = torch.linalg.solve(normal, basis.transpose(1, 2) @ goal)
    rest = float((basis @ found - goal).abs().max())
    return found[:, :, 0] if rest < TOLERANCE else None
