"""What tells mistakes of guided loops apart, for diagnoses, read from the log of a `FakeStage`."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import CheckFailureError
from autograder.diagnosis import Behaviour
from autograder.oracles.trajectory import (
    Step,
    Upright,
    by_timestep,
    equal,
    guided,
    implied_noise,
    steps_of,
    visited,
)
from autograder.served import FakeStage


def implied_scale(
    stage: FakeStage,
    timesteps: list[int],
    result: Tensor,
    cond: Tensor,
    uncond: Tensor,
    where: Tensor | None = None,
) -> float | str:
    """The guidance scale of the first step of a run, for diagnoses.

    Args:
        stage: Log of the run.
        timesteps: As given to the answer.
        result: What the answer returned, (1, 3, 64, 64).
        cond: The prompt's embedding, (1, 77, 8).
        uncond: That of the empty prompt, (1, 77, 8).
        where: Pixels to look at, (3, 64, 64); all by default.
    """
    try:
        step = steps_of(stage, timesteps, timesteps.index(stage.calls[0].t), result)[0]
    except (CheckFailureError, ValueError) as failure:
        return type(failure).__name__
    inside = torch.ones_like(step.before, dtype=torch.bool) if where is None else where
    empty, prompt = (guided(stage, step.before, step.t, cond, uncond, s) for s in (0.0, 1.0))
    direction, moved = (prompt - empty)[inside], (implied_noise(step) - empty)[inside]
    return round(float((moved * direction).sum() / direction.square().sum()), 2)


def noise_at_first(
    stage: FakeStage, timesteps: list[int], start: Tensor, result: Tensor, upright: Upright
) -> Tensor | str:
    """Some pixels of the epsilon of the first step of a run from a given picture, for diagnoses.

    Args:
        stage: Log of the run.
        timesteps: As given to the answer.
        start: The given picture, (1, 3, 64, 64).
        result: What the answer returned, (1, 3, 64, 64).
        upright: Picks x_t from the calls of a step.
    """
    t = stage.calls[0].t
    if t not in timesteps[:-1]:
        return "not at a timestep"
    i = timesteps.index(t)
    groups = by_timestep(stage, timesteps[i : i + 2])
    after = upright(groups[1]) if groups[1] else result[0]
    if not stage.variance_calls:
        return "no variance"
    step = Step(t, timesteps[i + 1], groups[0], stage.variance_calls[0], start[0], after)
    return implied_noise(step).flatten()[::1501].float()


def captions_of(stage: FakeStage, captions: dict[str, Tensor]) -> str:
    """Names of the captions that the first step asked with, in order.

    Args:
        stage: Log of the run.
        captions: Embeddings, (1, 77, 8), by one-letter names.
    """

    def letter(embeds: Tensor) -> str:
        return next((n for n, c in captions.items() if equal(embeds, c[0])), "?")

    first = [call for call in stage.calls if call.t == stage.calls[0].t]
    return "".join(sorted(letter(call.embeds) for call in first))


def outline(stage: FakeStage) -> Behaviour:
    """What a run's log says without its pictures, for diagnoses."""
    return {
        "visited": torch.tensor(visited(stage)),
        "variance": torch.tensor([call.t for call in stage.variance_calls]),
        "gradients": float(any(call.grad for call in stage.calls)),
    }
