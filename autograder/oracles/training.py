"""A training run as its served network saw it, and what can be told from it.

Each batch leaves its inputs, the parameters at that time and the gradient that came back. From
these follow the target of the loss, the optimizer (its steps are computed anew from the
gradients) and its learning rate at every step, whatever the loop looks like. The step after the
last batch is not seen.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from autograder.checking import as_number, expect
from autograder.served import ModuleCall, ServedModule

BETAS, EPS, DECAY = (0.9, 0.999), 1e-8, 0.01  # the defaults of torch.optim.Adam and AdamW
OPTIMISERS = {
    "Adam": "",
    "never": "The parameters never change: loss.backward(), then optimizer.step(), every batch.",
    "no zero_grad": "Gradients pile up: call optimizer.zero_grad() for every batch.",
    "SGD": "The steps are those of plain gradient descent (SGD): use torch.optim.Adam.",
    "AdamW": "The steps are those of AdamW, which shrinks the weights: use torch.optim.Adam.",
    "new in each epoch": "Adam starts anew in every epoch: make it once, before the loop.",
    "new in each batch": "Adam starts anew with every batch: make it once, before the loop.",
    "other": "The steps are not those of Adam with the gradients of your loss.",
}


class Tiny(nn.Module):
    """A network of a few parameters, with or without conditions.

    Args:
        conditioned: Whether it takes (x, c, t, mask).
    """

    def __init__(self, conditioned: bool = False) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(11)

        def parameter(*shape: int) -> nn.Parameter:
            return nn.Parameter(0.6 * torch.randn(shape, generator=generator))

        self.kernel, self.bias, self.mix = parameter(2, 1, 3, 3), parameter(2), parameter(2)
        if conditioned:
            self.time, self.classes = parameter(2), parameter(10, 2)

    def forward(
        self,
        x: Tensor,
        c: Tensor | None = None,
        t: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Pictures of the input's shape."""
        hidden = torch.conv2d(x, self.kernel, self.bias, padding=1)
        if c is not None and t is not None:
            kept = torch.ones(len(x)) if mask is None else mask.reshape(-1).to(x)
            shift = t.reshape(-1, 1) * self.time + kept[:, None] * self.classes[c]
            hidden = hidden + shift[:, :, None, None]
        return (torch.tanh(hidden) * self.mix[:, None, None]).sum(1, keepdim=True)


def batches(count: int, size: int = 16, pixels: int = 8) -> list[tuple[Tensor, Tensor]]:
    """Batches of pictures in [0, 1] with labels, all of them different."""
    generator = torch.Generator().manual_seed(31 + count)
    return [
        (
            torch.rand(size, 1, pixels, pixels, generator=generator),
            torch.randint(0, 10, (size,), generator=generator),
        )
        for _ in range(count)
    ]


def served(conditioned: bool = False) -> ServedModule:
    """A tiny network in evaluation mode: training must switch it."""
    return ServedModule(Tiny(conditioned).eval(), shape=(1, 8, 8))


def trained(unet: ServedModule) -> list[ModuleCall]:
    """The batches whose gradients were asked for, in order."""
    return [call for call in unet.calls if call.grad_out is not None]


def loss_target(call: ModuleCall, candidates: dict[str, Tensor]) -> tuple[str, float]:
    """What the output is compared with, and the loss's scale: 1 for the mean of squares.

    The gradient of mean((out - y) ** 2) with respect to `out` is 2 (out - y) / numel.
    """
    assert call.grad_out is not None
    gradient = call.grad_out.double() * call.out.numel() / 2
    for name, y in candidates.items():
        difference = call.out.double() - y.double()
        scale = float((gradient * difference).sum() / (difference * difference).sum())
        rest = float((gradient - scale * difference).abs().max())
        if rest < 1e-3 * abs(scale) * float(difference.abs().max()) + 1e-6:
            return name, scale
    return "other", float("nan")


def _flat(values: Any) -> Tensor:
    return torch.cat([value.detach().double().flatten() for value in values])


def gradients(network: nn.Module, call: ModuleCall) -> Tensor:
    """Gradient of a batch's loss with respect to all parameters, flat."""
    leaves = {k: v.detach().requires_grad_() for k, v in call.parameters.items()}
    out = functional_call(network, leaves, tuple(call.args), call.kwargs)
    found = torch.autograd.grad(out, list(leaves.values()), call.grad_out, allow_unused=True)
    pairs = zip(found, leaves.values(), strict=True)
    return _flat([torch.zeros_like(leaf) if g is None else g for g, leaf in pairs])


def adam(grads: list[Tensor], restarts: set[int]) -> list[Tensor]:
    """Steps of Adam for a learning rate of 1 (Kingma and Ba 2015, Algorithm 1)."""
    m = v = torch.zeros_like(grads[0])
    count, steps = 0, []
    for i, g in enumerate(grads):
        if i in restarts:
            m, v, count = torch.zeros_like(g), torch.zeros_like(g), 0
        count += 1
        m = BETAS[0] * m + (1 - BETAS[0]) * g
        v = BETAS[1] * v + (1 - BETAS[1]) * g * g
        unbiased = m / (1 - BETAS[0] ** count), v / (1 - BETAS[1] ** count)
        steps.append(unbiased[0] / (unbiased[1].sqrt() + EPS))
    return steps


def optimiser(unet: ServedModule, per_epoch: int) -> tuple[str, list[float]]:
    """The optimizer's kind, a key of `OPTIMISERS`, and its learning rate at each seen step."""
    calls = trained(unet)
    parameters = [_flat(call.parameters.values()) for call in calls]
    moves = [a - b for a, b in pairwise(parameters)]
    if not moves or max(float(move.abs().max()) for move in moves) == 0.0:
        return "never", []
    grads = [gradients(unet.network, call) for call in calls]
    piled = list(torch.stack(grads).cumsum(0))
    epochs = set(range(0, len(calls), per_epoch))
    plain = adam(grads, set())
    kinds = {
        "Adam": plain,
        "no zero_grad": adam(piled, set()),
        "SGD": grads,
        "AdamW": [d + DECAY * p for d, p in zip(plain, parameters, strict=True)],
        "new in each epoch": adam(grads, epochs),
        "new in each batch": adam(grads, set(range(len(calls)))),
    }
    for kind, directions in kinds.items():
        rates = [_rate(move, d) for move, d in zip(moves, directions[:-1], strict=True)]
        if all(rate is not None for rate in rates):
            return kind, [rate for rate in rates if rate is not None]
    return "other", []


def _rate(move: Tensor, direction: Tensor) -> float | None:
    """The factor between a step and its direction, where there is one for all parameters."""
    rate = float((move * direction).sum() / (direction * direction).sum())
    rest = float((move - rate * direction).abs().max())
    bound = 3e-4 * abs(rate) * float(direction.abs().max()) + 3e-7
    return rate if rest < bound and rate > 0 else None


def losses_kind(losses: Any, calls: list[ModuleCall], targets: list[Tensor]) -> str:
    """Whether the losses are those of all batches, as numbers: "right", or what they are."""
    if not isinstance(losses, list | tuple):
        return "no list"
    if any(isinstance(value, Tensor) for value in losses):
        return "tensors"
    if len(losses) != len(calls):
        return f"{'fewer' if len(losses) < len(calls) else 'more'} than batches"
    numbers = torch.tensor([as_number(value, "A loss") for value in losses], dtype=torch.float64)
    pairs = zip(calls, targets, strict=True)
    right = torch.stack([(call.out.double() - y.double()).square().mean() for call, y in pairs])
    if torch.allclose(numbers, right, rtol=1e-3, atol=1e-6):
        return "right"
    ratios = numbers / right
    if float(ratios.std()) < 1e-3 * float(ratios.mean().abs()):
        return "scaled"
    return "other"


LOSSES = {
    "right": "",
    "no list": "Return a list of numbers, one loss for each batch.",
    "tensors": "The losses are tensors, which keep memory and graphs: append loss.item().",
    "fewer than batches": "There must be a loss for every batch of every epoch: some are missing.",
    "more than batches": "There must be one loss for every batch of every epoch: there are more.",
    "scaled": "The losses are a multiple of the mean squared error: report each batch's mean.",
    "other": "The losses are not the mean squared errors of the batches, in their order.",
}


def check_batches(calls: list[ModuleCall], num_epochs: int, per_epoch: int) -> None:
    """Every batch of every epoch must have been trained on."""
    want = num_epochs * per_epoch
    expect(
        len(calls) == want,
        f"In {num_epochs} epochs of {per_epoch} batches there must be {want} training steps with "
        f"loss.backward(), yours has {len(calls)}.",
    )


def check_optimiser(unet: ServedModule, per_epoch: int) -> list[float]:
    """Adam, in training mode; returns its learning rates."""
    kind, rates = optimiser(unet, per_epoch)
    expect(kind == "Adam", OPTIMISERS[kind])
    training = all(call.training for call in trained(unet))
    expect(training, "The network must be in training mode: unet.train() before the loop.")
    return rates
