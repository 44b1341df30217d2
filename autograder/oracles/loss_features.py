"""What tells mistakes of a DDPM training loss apart, with no random number in it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from autograder.checking import close
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.normality import correlation
from autograder.oracles.training_loss import (
    TOLERANCE,
    Loss,
    argument,
    coefficients,
    run_loss,
    whole_times,
)
from autograder.subject import Subject


def features(student: Subject, function: str, more: tuple[Any, ...], time: int) -> Behaviour:
    """Outline of one call of a training loss.

    Args:
        student: The answer, defined with `STANDINS`.
        function: Name of the loss.
        more: Arguments between x_0 and num_ts.
        time: Position of the times among the network's arguments.
    """
    runs: list[Loss] = []

    def call() -> str:
        runs.append(run_loss(student, function, 9, more))
        return type(runs[0].value).__name__

    found: Behaviour = {"type": attempt(call)}
    if not runs and not more:
        # As many images as they are wide: factors without their own dimensions then fit by chance.
        found["as wide"] = attempt(lambda: type(run_loss(student, function, 9, count=28)).__name__)
    if not runs or len(runs[0].calls) != 1:
        return {**found, "calls": float(len(runs[0].calls) if runs else -1)}
    loss = runs[0]
    found["changed"] = float(loss.changed)
    try:
        t, way = whole_times(argument(loss.call, time, "t"), len(loss.x_0), loss.num_ts)
    except AssertionError:
        return {**found, "times": "unreadable"}
    found |= {"times": way, "one t": float(len(t.unique()) == 1)}
    if len(t.unique()) > 1:
        found |= {"first": float(t.min()), "last": float(t.max())}
    return found | {"target": compared_with(loss)} | _noising(loss, t)


def compared_with(loss: Loss) -> str:
    """A name for what the loss compared the output with, and how."""
    grad = loss.call.grad_out
    if grad is None:
        return "no gradient"
    targets = {"mean": loss.target(), "sum": loss.call.out.double() - grad.double() / 2}
    for how, target in targets.items():
        for name, known in (("x_0", loss.x_0), ("x_t", loss.x_t)):
            if close(target, known.double(), rtol=0, atol=TOLERANCE):
                return f"{how} of {name}"
        if coefficients(loss, target) is not None:
            return f"{how} of noise"
    size = grad.double().abs() * grad.numel()
    return "absolute" if float((size - 1).abs().max()) < 1e-3 else "other"


def _noising(loss: Loss, t: Tensor) -> Behaviour:
    """Powers of alpha-bar and 1 - alpha-bar in the noising, and whether images share noise."""
    target = loss.target() if loss.call.grad_out is not None else loss.x_0.double()
    found = coefficients(loss, target)
    if found is None:
        rest = (loss.x_t - loss.x_0).flatten()
        return {"clean": float(bool((rest == 0).all()))}
    bar = loss.bars[t - 1]
    powers = found[:, 0].log() / bar.log(), found[:, 1].log() / (1 - bar).log()
    shared = correlation(target[0].flatten(), target[1].flatten()) > 0.5
    normal = float(target.min()) < -0.5
    return {
        "picture": powers[0].median().nan_to_num(-1),
        "noise": powers[1].median().nan_to_num(-1),
        "shared": float(shared),
        "normal": float(normal),
    }
