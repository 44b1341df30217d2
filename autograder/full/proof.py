"""Whether the submitted code leads where a record says that it led.

After Jia et al. 2021, "Proof-of-Learning": one recorded epoch, chosen by chance, is trained again
with the student's code. Batches and noise differ between machines, so no number need be the same.
It is trained twice: the recorded end must be as near to these two ends as they are to each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from .checkpoint import Record, RecordError

# Calibrated in benchmarks/full_tier.md.
FARTHEST = 1.15
NEAREST = 0.5
SHORTEST, LONGEST = 0.75, 1.33
LEAST_ALIKE = 0.1


def chosen(record: Record) -> int:
    """The epoch that is trained again, from 0; nobody can foresee it."""
    return secrets.choice(sorted(record.links))


def check_shapes(record: Record, state: dict[str, Tensor], parameters: Sequence[str]) -> None:
    """Every recorded state must fit the submitted network.

    Raises:
        RecordError: Names or shapes differ.
    """
    shapes = {name: (tuple(value.shape), value.dtype) for name, value in state.items()}
    trained = {name: shapes[name] for name in parameters}
    for link in record.links.values():
        for part, wanted in (
            (link.before, shapes),
            (link.after, shapes),
            (link.m, trained),
            (link.v, trained),
        ):
            found = {name: (tuple(value.shape), value.dtype) for name, value in part.items()}
            if part and found != wanted:
                odd = sorted(found.items() ^ wanted.items(), key=str)[0][0]
                raise RecordError(
                    f"the record is of another network than the submitted one ({odd!r} differs)"
                )


def check_chain(record: Record, first: dict[str, Tensor], parameters: Sequence[str]) -> float:
    """Each recorded state must be like the one before: one network, trained on.

    Networks that started apart stay apart, so this ties the final weights to the first state,
    which belongs to the student's name.

    Returns:
        The least likeness of two states that follow each other.

    Raises:
        RecordError: Two states are strangers to each other.
    """
    found = likeness(record, first, parameters)
    if not found >= LEAST_ALIKE:  # a number that is none is no likeness
        raise RecordError(
            "the recorded states do not follow each other from the first state that belongs to "
            "your name: build the network with TrainingRecord.make and record one training"
        )
    return found


def likeness(record: Record, first: dict[str, Tensor], parameters: Sequence[str]) -> float:
    """The least likeness of two recorded states that follow each other, the first included."""
    states = [first]
    for _, link in sorted(record.links.items()):
        states += [part for part in (link.before, link.after) if part]
    return min(alike(a, b, parameters) for a, b in pairwise(states))


def check_finite(state: dict[str, Tensor]) -> None:
    """What the worker says of the first state must be numbers.

    Raises:
        RecordError: It is not.
    """
    if not all(bool(torch.isfinite(value.double()).all()) for value in state.values()):
        raise RecordError("the submitted network does not start from finite numbers")


def check_ends(ends: Sequence[dict[str, Tensor]], first: dict[str, Tensor]) -> None:
    """What the worker says of a new end must be a state of the network.

    Raises:
        RecordError: The training did not come through the epoch.
    """
    wanted = {name: (value.shape, value.dtype) for name, value in first.items()}
    for end in ends:
        plain = isinstance(end, dict) and all(isinstance(v, Tensor) for v in end.values())
        if not plain or {k: (v.shape, v.dtype) for k, v in end.items()} != wanted:
            raise RecordError("your code does not train as many epochs as were recorded")


def check_again(
    start: dict[str, Tensor],
    recorded: dict[str, Tensor],
    ends: Sequence[dict[str, Tensor]],
    parameters: Sequence[str],
) -> dict[str, float]:
    """The recorded end of an epoch against two ends that the submitted code led to.

    Returns:
        What was compared, by name.

    Raises:
        RecordError: The recorded end is not one of those.
    """
    found = compare(start, recorded, ends, parameters)
    if not fits(found):
        raise RecordError(
            "an epoch of the record was trained again with your code and led elsewhere: the "
            "recorded weights are not those that your code makes"
        )
    return found


def fits(found: dict[str, float]) -> bool:
    """Whether a recorded end may be one of those that the code leads to."""
    near = NEAREST < found["distance"] < FARTHEST
    return near and SHORTEST < found["length"] < LONGEST


def compare(
    start: dict[str, Tensor],
    recorded: dict[str, Tensor],
    ends: Sequence[dict[str, Tensor]],
    parameters: Sequence[str],
) -> dict[str, float]:
    """Distances and directions of the way from `start`, in all parameters at once.

    Returns:
        distance: Of the recorded end to the new ones, in units of their own distance.
        length: Of the recorded way, in units of the new ones.
        direction: Cosine of the recorded and the new ways, less that of the new ones.
    """
    s, a, one, two = (flat(state, parameters) for state in (start, recorded, *ends))
    apart = (one - two).norm()
    length = (one - s).norm() + (two - s).norm()
    tiny = torch.finfo(torch.float64).tiny
    near = ((a - one).norm() + (a - two).norm()) / (2 * apart + tiny)
    cosines = [torch.cosine_similarity(x - s, y - s, dim=0) for x, y in ((a, one), (a, two))]
    own = torch.cosine_similarity(one - s, two - s, dim=0)
    return {
        "distance": float(near),
        "length": float(2 * (a - s).norm() / (length + tiny)),
        "direction": float(sum(cosines) / 2 - own),
    }


def alike(a: dict[str, Tensor], b: dict[str, Tensor], parameters: Sequence[str]) -> float:
    """Cosine of two states' weights: parameters of two dimensions or more."""
    weights = [name for name in parameters if a[name].dim() > 1]
    return float(torch.cosine_similarity(flat(a, weights), flat(b, weights), dim=0))


def flat(state: dict[str, Tensor], names: Sequence[str]) -> Tensor:
    """The named values as one vector, float64."""
    return torch.cat([state[name].double().flatten() for name in names])
