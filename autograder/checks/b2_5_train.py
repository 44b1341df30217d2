"""Checks of `train_ddpm(unet, schedule, loader, num_ts, num_epochs, lr, p_uncond)`.

The network has 44 parameters and is computed on the trusted side; the loader is a list of random
pictures with labels. Optimizer, learning rates and targets follow exactly from the gradients
(tolerance 3e-4 of a step, 1e-2 of a rate). `ddpm_forward_class` may be called or written out.
Shares of dropped classes and the mean time are held to 6.5 standard errors (8e-11 each), four of
them: a false alarm in 1e-9 of all gradings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checking import expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles import reverse, training
from autograder.served import ModuleCall, ServedModule
from autograder.subject import Subject

STANDINS = """
def ddpm_forward_class(unet, schedule, x_0, c, p_uncond, num_ts):
    n = x_0.shape[0]
    index = torch.multinomial(torch.ones(num_ts), n, replacement=True)
    noise = torch.normal(0.0, 1.0, tuple(x_0.shape), device=x_0.device)
    signal = schedule["alpha_bars"].index_select(0, index).reshape(n, 1, 1, 1)
    kept = torch.bernoulli(torch.full((n,), 1.0 - p_uncond))
    seen = torch.sqrt(signal) * x_0 + torch.sqrt(1.0 - signal) * noise
    return torch.square(unet(seen, c, (index + 1) / num_ts, mask=kept) - noise).mean()
"""
ORDER = ("x", "c", "t", "mask")
LIMIT = 6.5
NUM_TS = 40
CURVES: dict[str, Callable[[int, int, int], float]] = {
    # Factor of lr in a step, by step, steps of an epoch, number of epochs.
    "right": lambda i, per, n: 0.1 ** (i // per / n),
    "constant": lambda i, per, n: 1.0,  # noqa: ARG005
    "each batch": lambda i, per, n: 0.1 ** (i / n),  # noqa: ARG005
    "each batch, by their number": lambda i, per, n: 0.1 ** (i / (n * per)),
    "tenfold each epoch": lambda i, per, n: 0.1 ** (i // per),  # noqa: ARG005
    "for twenty epochs": lambda i, per, n: 0.1 ** (i // per / 20),  # noqa: ARG005
    "one epoch early": lambda i, per, n: 0.1 ** ((i // per + 1) / n),
}
ADVICE = {
    "constant": "it never falls: make an ExponentialLR and step it after every epoch",
    "each batch": "it falls after every batch: step the scheduler once an epoch",
    "each batch, by their number": "it falls with every batch, not with every epoch",
    "tenfold each epoch": "it falls tenfold in each epoch: gamma is 0.1 ** (1 / num_epochs)",
    "for twenty epochs": "it falls as for 20 epochs: gamma is 0.1 ** (1 / num_epochs)",
    "one epoch early": "it falls before the first epoch: step the scheduler after an epoch",
    "other": "it must start at lr and fall by the factor 0.1 ** (1 / num_epochs) after each epoch",
}


@dataclass
class Run:
    """What one call of the training loop did."""

    unet: ServedModule
    losses: Any
    loader: list[tuple[Tensor, Tensor]]
    num_ts: int
    num_epochs: int
    lr: float
    p_uncond: float
    schedule: reverse.Schedule

    @property
    def calls(self) -> list[ModuleCall]:
        """The batches that were trained on."""
        return training.trained(self.unet)

    def batch(self, i: int) -> tuple[Tensor, Tensor]:
        """Pictures and labels behind a step."""
        return self.loader[i % len(self.loader)]

    def values(self, name: str) -> list[Tensor]:
        """An argument of all calls; a mask that is not given keeps all."""
        found = []
        for call in self.calls:
            value = reverse.argument(call, name, ORDER)
            if value is None and name == "mask":
                value = torch.ones(len(call.out))
            expect(isinstance(value, Tensor), f"unet needs {name} as a tensor, (N,).")
            assert isinstance(value, Tensor)
            found.append(value.double())
        return found

    def noises(self, centred: bool = False) -> list[Tensor]:
        """The noise that makes each batch's input of its pictures."""
        found = []
        pairs = zip(self.values("x"), self.values("t"), strict=True)
        for i, (x, t) in enumerate(pairs):
            index = (t.reshape(-1) * self.num_ts).round().long().clamp(1, self.num_ts) - 1
            bar = self.schedule["alpha_bars"].double()[index].reshape(-1, 1, 1, 1)
            clean = self.batch(i)[0].double()
            clean = 2 * clean - 1 if centred else clean
            found.append((x - bar.sqrt() * clean) / (1 - bar).sqrt())
        return found

    def targets(self) -> list[tuple[str, float]]:
        """What each batch's output was compared with."""
        noises, centred = self.noises(), self.noises(centred=True)
        found = []
        for i, call in enumerate(self.calls):
            names = {"noise": noises[i], "clean": self.batch(i)[0], "centred": centred[i]}
            found.append(training.loss_target(call, names))
        return found

    def curve(self, rates: list[float]) -> str:
        """How the learning rate falls, a key of `CURVES` or "other"."""
        per = len(self.loader)
        for name, factor in CURVES.items():
            want = [self.lr * factor(i, per, self.num_epochs) for i in range(len(rates))]
            if all(abs(a / b - 1) < 1e-2 for a, b in zip(rates, want, strict=True)):
                return name
        return "other"


def run(
    student: Subject,
    epochs: int = 4,
    lr: float = 0.02,
    count: int = 5,
    p_uncond: float = 0.25,
    num_ts: int = NUM_TS,
) -> Run:
    """Trains the tiny network."""
    unet, loader = training.served(conditioned=True), training.batches(count)
    schedule = reverse.linear_schedule(1e-3, 0.15, num_ts)
    losses = student.call(
        "train_ddpm", unet, schedule, loader, num_ts, epochs, lr, p_uncond, seed=23
    )
    found = Run(unet, losses, loader, num_ts, epochs, lr, p_uncond, schedule)
    expect(bool(found.calls), "No batch was trained on: loss.backward() was never called.")
    return found


def dropped(found: Run) -> float:
    """The share of classes that were dropped."""
    return float((torch.cat(found.values("mask")) == 0).double().mean())


def test_losses(student: Subject) -> None:
    """One number for every batch of every epoch: its mean squared error."""
    for epochs, count in ((4, 5), (1, 3)):
        found = run(student, epochs=epochs, count=count)
        training.check_batches(found.calls, epochs, count)
        kind = training.losses_kind(found.losses, found.calls, found.noises())
        right = found.targets()[0][0] == "noise"
        expect(kind == "right" or not right, training.LOSSES[kind])
        expect(kind not in ("no list", "tensors"), training.LOSSES[kind])


def test_learns(student: Subject) -> None:
    """Each batch goes through `ddpm_forward_class` with its classes, num_ts and p_uncond."""
    for num_ts, p_uncond in ((NUM_TS, 0.25), (25, 0.6)):
        found = run(student, num_ts=num_ts, p_uncond=p_uncond)
        for i, (c, t) in enumerate(zip(found.values("c"), found.values("t"), strict=True)):
            expect(
                c.tolist() == found.batch(i)[1].tolist(), "Each picture must come with its label."
            )
            whole = t.reshape(-1) * num_ts
            off = float((whole - whole.round()).abs().max())
            inside = float(whole.min()) > 0.5 and float(whole.max()) < num_ts + 0.5
            expect(off < 1e-3 and inside, "Times must be t / num_ts for t = 1, ..., num_ts.")
        for target, scale in found.targets():
            expect(
                target == "noise" and abs(scale - 1) < 1e-2,
                "The loss must be that of ddpm_forward_class on the pictures as they come: the "
                "mean squared difference from the noise that was added.",
            )
        times = torch.cat([t.reshape(-1) for t in found.values("t")])
        mean, count = float(times.mean()), times.numel()
        right = abs(mean - (1 + 1 / num_ts) / 2) < LIMIT * (12 * count) ** -0.5
        expect(right, f"Timesteps must be uniform over 1, ..., num_ts; their mean is {mean:.2f} T.")
        share = dropped(found)
        bound = LIMIT * (p_uncond * (1 - p_uncond) / count) ** 0.5
        message = f"Classes must be dropped with probability p_uncond = {p_uncond}"
        expect(abs(share - p_uncond) < bound, f"{message}; yours are in {share:.2f} of all cases.")


def test_optimiser(student: Subject) -> None:
    """The steps are those of one Adam for all epochs, in training mode."""
    found = run(student)
    training.check_optimiser(found.unet, len(found.loader))


def test_learning_rate(student: Subject) -> None:
    """The rate starts at lr and falls by the same factor after every epoch."""
    for epochs, lr, count in ((4, 0.02, 5), (7, 1e-3, 3)):
        found = run(student, epochs=epochs, lr=lr, count=count)
        kind, rates = training.optimiser(found.unet, count)
        advice = training.OPTIMISERS[kind] or "There must be several steps."
        expect(bool(rates), f"The learning rate cannot be told. {advice}")
        first = rates[0]
        curve = found.curve(rates)
        early = curve == "one epoch early"
        expect(
            abs(first / lr - 1) < 1e-2 or early,
            f"The first step has the learning rate {first:.3g}, it must be lr = {lr:g}.",
        )
        expect(curve == "right", f"The learning rate is wrong: {ADVICE.get(curve, '')}.")
        training.check_batches(found.calls, epochs, count)


def probe(student: Subject) -> Behaviour:
    """Number of steps, data, times, masks, target, optimizer, rates, mode and losses."""
    runs: list[Run] = []
    answer = attempt(lambda: runs.append(run(student)))
    if not runs:
        return {"failure": str(answer)}
    found = runs[0]
    kind, rates = training.optimiser(found.unet, len(found.loader))
    targets, labels = found.targets(), found.values("c")
    share, top = dropped(found), float(torch.cat(found.values("t")).max())
    wanted = {"right": 0.25, "inverted": 0.75, "none": 0.0, "all": 1.0, "a tenth": 0.1}
    own = all(c.tolist() == found.batch(i)[1].tolist() for i, c in enumerate(labels))
    return {
        "steps": float(len(found.calls)),
        "optimiser": kind,
        "rate": found.curve(rates) if rates else "none",
        "first": "right" if rates and abs(rates[0] / found.lr - 1) < 0.2 else "other",
        "target": targets[0][0],
        "scale": f"{targets[0][1]:.1f}",
        "labels": "own" if own else "other",
        "dropped": min(wanted, key=lambda name: abs(wanted[name] - share)),
        "times": "to 1" if 0.8 < top < 1.01 else "other",
        "mode": str([call.training for call in found.calls]),
        "losses": training.losses_kind(found.losses, found.calls, found.noises()),
    }
