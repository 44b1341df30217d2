"""Checks of `train_denoiser(unet, loader, sigma, num_epochs, lr)`.

The network has 22 parameters and is computed on the trusted side; the loader is a list of random
pictures. Targets and optimizer follow exactly from the gradients (tolerance 3e-4 of a step). The
noise's deviation, its mean and its independence of the picture are held to 6.5 standard errors
(8e-11 each), in six runs at most: a false alarm in 1e-8 of all gradings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checking import expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles import training
from autograder.served import ModuleCall, ServedModule
from autograder.subject import Subject

STANDINS = """
def add_noise(x, sigma):
    return torch.normal(x, float(sigma))
"""
LIMIT = 6.5


@dataclass
class Run:
    """What one call of the training loop did."""

    unet: ServedModule
    losses: Any
    loader: list[tuple[Tensor, Tensor]]
    sigma: float
    num_epochs: int
    lr: float

    @property
    def calls(self) -> list[ModuleCall]:
        """The batches that were trained on."""
        return training.trained(self.unet)

    def clean(self) -> list[Tensor]:
        """The pictures behind each batch: those of the loader, epoch after epoch."""
        return [self.loader[i % len(self.loader)][0].double() for i in range(len(self.calls))]

    def noises(self) -> list[Tensor]:
        """What was added to each batch."""
        pairs = zip(self.calls, self.clean(), strict=True)
        return [noisy(call).double() - x for call, x in pairs]

    def targets(self) -> list[tuple[str, float]]:
        """What each batch's output was compared with."""
        found = []
        for call, x, noise in zip(self.calls, self.clean(), self.noises(), strict=True):
            names = {"clean": x, "noisy": x + noise, "scaled noise": noise, "centred": 2 * x - 1}
            candidates = {**names, "noise": noise / self.sigma}
            found.append(training.loss_target(call, candidates))
        return found


def noisy(call: ModuleCall) -> Tensor:
    """What the network saw."""
    value = call.args[0] if call.args else call.kwargs["x"]
    assert isinstance(value, Tensor)  # the served network has checked it
    return value


def run(
    student: Subject, sigma: float = 0.5, epochs: int = 3, lr: float = 0.02, count: int = 5
) -> Run:
    """Trains the tiny network."""
    unet, loader = training.served(), training.batches(count)
    losses = student.call("train_denoiser", unet, loader, sigma, epochs, lr, seed=17)
    return Run(unet, losses, loader, sigma, epochs, lr)


def fresh(found: Run) -> str:
    """Whether noise comes back: "fresh", or when it does."""
    noises, per_epoch = found.noises(), len(found.loader)
    pairs = [(i, j) for i in range(len(noises)) for j in range(i)]
    equal = [(i, j) for i, j in pairs if torch.allclose(noises[i], noises[j], atol=1e-4)]
    if not equal:
        return "fresh"
    return "each epoch" if all((i - j) % per_epoch == 0 for i, j in equal) else "each batch"


def deviation(found: Run) -> str:
    """The noise's deviation, in words."""
    std = float(torch.stack(found.noises()).std())
    kinds = {"right": found.sigma, "variance": found.sigma**2, "one": 1.0}
    near = [kind for kind, want in kinds.items() if abs(std / want - 1) < 0.06]
    return "none" if std < 1e-6 else near[0] if near else "other"


def test_losses(student: Subject) -> None:
    """One number for every batch of every epoch: its mean squared error."""
    for epochs, count in ((3, 5), (1, 4)):
        found = run(student, epochs=epochs, count=count)
        training.check_batches(found.calls, epochs, count)
        kind = training.losses_kind(found.losses, found.calls, found.clean())
        expect(kind == "right" or found.targets()[0][0] != "clean", training.LOSSES[kind])
        expect(kind not in ("no list", "tensors"), training.LOSSES[kind])


def test_learns(student: Subject) -> None:
    """The steps are those of one Adam with the learning rate that is given."""
    for lr, epochs, count in ((0.02, 3, 5), (1e-3, 2, 6)):
        found = run(student, lr=lr, epochs=epochs, count=count)
        expect(bool(found.calls), "No batch was trained on: loss.backward() was never called.")
        rates = training.check_optimiser(found.unet, count)
        off = [rate for rate in rates if abs(rate / lr - 1) > 0.01]
        expect(
            not off,
            f"With lr = {lr:g} a step has the learning rate {off[0] if off else lr:.3g}: give lr "
            "to Adam, and leave it alone.",
        )


def test_target(student: Subject) -> None:
    """The network sees x + sigma epsilon, and its output is compared with x by the mean."""
    for sigma in (0.5, 0.2):
        found = run(student, sigma=sigma)
        expect(bool(found.calls), "No batch was trained on: loss.backward() was never called.")
        noise = torch.stack(found.noises())
        size = noise.numel()
        std = float(noise.std())
        within = abs(std / sigma - 1) < LIMIT / (2 * size) ** 0.5
        expect(within, f"The noise must have deviation sigma = {sigma}, yours has {std:.3f}.")
        x = torch.stack(found.clean()) - 0.5
        slopes = float(noise.mean()) * size**0.5, float((noise * x).sum() / x.norm())
        straight = max(abs(slope) for slope in slopes) < LIMIT * sigma
        expect(straight, "The network must see x + sigma * epsilon: x keeps its scale.")
        for target, scale in found.targets():
            message = {"noisy": "its noisy input", "noise": "the noise"}.get(
                target, "something else"
            )
            message = f"The output is compared with {message}, not with the clean picture x."
            expect(target == "clean", message)
            expect(abs(scale - 1) < 1e-2, "The loss must be the mean of the squared differences.")


def test_fresh_noise(student: Subject) -> None:
    """Every batch of every epoch gets noise of its own."""
    found = run(student)
    expect(len(found.calls) > 1, "Fewer than two batches were trained on.")
    kind = fresh(found)
    expect(kind != "each epoch", "A picture has the same noise in every epoch: draw it anew.")
    expect(kind == "fresh", "Batches share their noise: draw it for every batch.")


def probe(student: Subject) -> Behaviour:
    """Number of steps, kinds of noise, target, optimizer, mode and losses."""
    runs: list[Run] = []
    answer = attempt(lambda: runs.append(run(student)))
    if not runs:
        return {"failure": str(answer)}
    found = runs[0]
    kind, rates = training.optimiser(found.unet, len(found.loader))
    facts: Behaviour = {"steps": float(len(found.calls)), "optimiser": kind}
    if not found.calls:
        return facts
    steady = all(abs(rate / rates[0] - 1) < 0.01 for rate in rates)
    own = bool(rates) and abs(rates[0] / found.lr - 1) < 0.01
    facts["rate"] = f"{'right' if own else 'other'} {'steady' if steady else 'changing'}"
    target, scale = found.targets()[0]
    facts["target"], facts["scale"] = target, f"{scale:.1f}"
    facts["noise"], facts["fresh"] = deviation(found), fresh(found)
    facts["mode"] = str([call.training for call in found.calls])
    facts["losses"] = training.losses_kind(found.losses, found.calls, found.clean())
    return facts
