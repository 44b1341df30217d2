"""Small expectations that tell a student in plain words what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Wrong(Exception):  # noqa: N818 - it reads as a verdict: raise Wrong("…")
    """An answer that is not right; the text says what and where to look."""


def require(condition: object, message: str) -> None:
    """Raise `Wrong` with the message unless the condition holds."""
    if not bool(condition):
        raise Wrong(message)


def tensor(value: Any, shape: Sequence[int] | None = None, what: str = "the result") -> Tensor:
    """Expect an array of finite numbers, of a shape if one is given, and return it as a tensor.

    Raises:
        Wrong: If it is something else.
    """
    if value is None:
        raise Wrong(f"{what} is None: is the return missing?")
    if isinstance(value, np.ndarray):
        value = torch.as_tensor(value)
    if not isinstance(value, Tensor):
        raise Wrong(f"{what} is a {type(value).__name__}, not a tensor")
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise Wrong(f"{what} has shape {tuple(value.shape)}; expected {tuple(shape)}")
    if not bool(torch.isfinite(value).all()):
        raise Wrong(f"{what} has values that are no numbers (NaN or infinite)")
    return value


def losses(value: Any, count: int) -> None:
    """Expect one plain number for each of so many batches, in a list or the like."""
    require(value is not None, "the result is None: is the return missing?")
    require(hasattr(value, "__len__"), f"the result is a {type(value).__name__}, not a list")
    require(len(value) == count, f"there are {len(value)} losses; expected one a batch, {count}")
    graph = any(isinstance(loss, Tensor) and loss.requires_grad for loss in value)
    require(not graph, "the losses must be plain numbers: append loss.item(), not the tensor")


def close(actual: Tensor | float, wanted: Tensor | float, tolerance: float, message: str) -> None:
    """Expect values within a tolerance of the wanted ones, everywhere."""
    difference = (torch.as_tensor(actual).detach() - torch.as_tensor(wanted)).abs().max()
    require(float(difference) <= tolerance, message)


def unchanged(before: Tensor, after: Tensor, what: str) -> None:
    """Expect that an input was not written to."""
    require(
        torch.equal(before, after),
        f"{what} was changed in place; make a new tensor instead of using +=, *= or [...] = on it",
    )


def spread(value: Tensor) -> float:
    """Return the standard deviation of all values."""
    return float(value.detach().float().std(unbiased=False))


def mean(value: Tensor) -> float:
    """Return the mean of all values."""
    return float(value.detach().float().mean())
