"""Reads a student's sampling loop off the log of a `FakeStage`.

The UNet and `add_variance` are served, so the log holds every picture that went in and came out.
A picture that enters the UNet marks a step: calls with the same picture belong together, which
makes two passes with two prompts, or one pass on a batch of both, the same thing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from autograder.served import FakeStage, UNetCall, VarianceCall

SAME = 1e-5
"""Two pictures are one where no value differs by more: copies are exact in float32."""


@dataclass(frozen=True)
class Step:
    """One picture's step from a timestep to the next.

    Attributes:
        x: The picture that the UNet saw, (3, 64, 64).
        calls: Its passes through the UNet.
        noising: Its way through `add_variance`, of one picture's shape; None where there was none.
    """

    x: Tensor
    calls: tuple[UNetCall, ...]
    noising: VarianceCall | None

    def with_caption(self, embeds: Tensor) -> UNetCall | None:
        """The pass with a caption's embedding, (77, 8), or None."""
        return next((c for c in self.calls if same(c.embeds, embeds)), None)


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same values."""
    return a.shape == b.shape and float((a - b).abs().max()) <= SAME


def read_steps(stage: FakeStage) -> list[Step]:
    """The steps in the order in which they were taken.

    Within a picture the UNet and `add_variance` take turns, and pictures keep their places in a
    batch, so the n-th new picture at the UNet belongs to the n-th picture at `add_variance`.
    """
    groups: list[list[UNetCall]] = []
    for call in stage.calls:
        group = next((g for g in reversed(groups) if same(g[0].x, call.x)), None)
        if group is None:
            groups.append([call])
        else:
            group.append(call)
    noisings: list[VarianceCall | None] = [*split_pictures(stage.variance_calls)]
    noisings += [None] * (len(groups) - len(noisings))
    pairs = zip(groups, noisings, strict=False)
    return [Step(group[0].x, tuple(group), noising) for group, noising in pairs]


def split_pictures(calls: Sequence[VarianceCall]) -> list[VarianceCall]:
    """Calls of `add_variance` with batches, as calls with single pictures."""
    return [
        VarianceCall(variance, call.t, image, noise, out)
        for call in calls
        for variance, image, noise, out in zip(
            *(v.reshape(-1, *v.shape[-3:]) for v in _tensors(call)), strict=True
        )
    ]


def read_chains(stage: FakeStage) -> list[list[Step]]:
    """The steps of each picture, where each step starts from what the one before gave.

    A picture that no `add_variance` gave starts a chain of its own.
    """
    steps = read_steps(stage)
    outs = [step.noising.out for step in steps if step.noising is not None]
    chains = [[step] for step in steps if not any(same(out, step.x) for out in outs)]
    for chain in chains:
        while chain[-1].noising is not None and len(chain) <= len(steps):
            out = chain[-1].noising.out
            following = next((step for step in steps if same(step.x, out)), None)
            if following is None:
                break
            chain.append(following)
    return chains


def means_of(steps: Sequence[Step], result: Tensor) -> list[Tensor]:
    """What each step of one picture came to before noise was added, (3, 64, 64) each.

    Where `add_variance` was never called this is what the next step started from.
    """
    if any(step.noising is not None for step in steps):
        return [step.noising.image for step in steps if step.noising is not None]
    return [*(step.x for step in steps[1:]), result]


def posterior_mean(x: Tensor, noise: Tensor, t: int, t_next: int, bars: Tensor) -> Tensor:
    """Mean of x_t' given x_t and the noise in it, in double precision.

    Source: Ho et al. 2020, equation 11, with the alpha of the stride, alpha_bar_t / alpha_bar_t'.
    It is equation 7 with x_0 replaced by its estimate.
    """
    bar, bar_next = bars.double()[t], bars.double()[t_next]
    alpha = bar / bar_next
    mean: Tensor = (x.double() - (1 - alpha) / (1 - bar).sqrt() * noise.double()) / alpha.sqrt()
    return mean


def fit(target: Tensor, *terms: Tensor) -> tuple[list[float], float]:
    """Weights of the terms in a target by least squares, and the share that they do not explain.

    Returns:
        The weights, and the residual's norm by the target's norm.
    """
    columns = torch.stack([term.double().flatten() for term in terms], dim=1)
    wanted = target.double().flatten()
    if not bool(columns.isfinite().all()) or not bool(wanted.isfinite().all()):
        return [math.nan] * len(terms), math.inf
    weights = torch.linalg.lstsq(columns, wanted.unsqueeze(1)).solution.squeeze(1)
    residual = (wanted - columns @ weights).norm() / wanted.norm().clamp(min=1e-12)
    return [float(weight) for weight in weights], float(residual)


def shown(value: float, digits: int = 2) -> str:
    """A number for a message, without a minus before zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _tensors(call: VarianceCall) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return call.predicted_variance, call.image, call.noise, call.out
