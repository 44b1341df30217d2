"""The solution of the exercise with ten checks."""

from __future__ import annotations

from torch import Tensor


def scale(x: Tensor, factor: float) -> Tensor:
    """Returns `x * factor`."""
    ### BEGIN SOLUTION
    return x * factor
    ### END SOLUTION
