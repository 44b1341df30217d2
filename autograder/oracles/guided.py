"""A run of a sampler with guidance: two passes a step, in one call or in two.

What counts is which pictures went in with mask 1 and which with mask 0, so a run is taken apart
into pictures, whatever the calls were.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from autograder.checking import CheckFailureError, close, expect
from autograder.oracles import reverse
from autograder.oracles.reverse import Step
from autograder.served import ModuleCall

ORDER = ("x", "c", "t", "mask")


@dataclass(frozen=True)
class Row:
    """A picture's way through the network, with all that came along."""

    x: Tensor
    c: int
    time: float
    mask: float
    out: Tensor


@dataclass
class Run:
    """What one call of the sampler did."""

    calls: list[ModuleCall]
    final: Any
    num_ts: int
    classes: Tensor

    @cached_property
    def _every(self) -> list[Row]:
        return [row for call in self.calls for row in rows(call)]

    def rows(self) -> list[Row]:
        """All pictures of all calls."""
        reverse.check_nonempty(self.calls)
        return self._every

    def groups(self) -> list[list[Row]]:
        """The pictures of each step."""
        every, least = self.rows(), len(self.classes) * self.num_ts
        expect(
            len(every) % least == 0,
            f"With {len(self.classes)} classes and num_ts = {self.num_ts} the network must see "
            f"{2 * least} pictures, two passes in every step; it sees {len(every)}.",
        )
        size = len(every) // self.num_ts
        return [every[i : i + size] for i in range(0, len(every), size)]

    def steps(self) -> list[Step]:
        """Pictures and the answers of the first pass, in order."""
        count = len(self.classes)
        firsts = [group[:count] for group in self.groups()]
        return [
            Step(torch.stack([r.x for r in rows]), (torch.stack([r.out for r in rows]),))
            for rows in firsts
        ]

    def path(self) -> list[Tensor]:
        """Pictures x_T, ..., x_0."""
        return reverse.chain(self.steps(), self.final, self.num_ts)


def check_passes(group: list[Row], classes: Tensor) -> None:
    """A step needs every picture with its class and without one."""
    halves = [[row for row in group if row.mask == mask] for mask in (0.0, 1.0)]
    expect(
        [len(half) for half in halves] == [len(classes)] * 2 and len(group) == 2 * len(classes),
        "Each step needs one pass with mask 1 and one with mask 0 for every picture.",
    )
    xs = [torch.stack([row.x for row in half]) for half in halves]
    expect(close(xs[0], xs[1]), "Both passes of a step must see the same pictures x_t.")
    expect(
        [row.c for row in halves[1]] == classes.tolist(),
        "The pass with mask 1 must get the classes c, in their order.",
    )


def rows(call: ModuleCall) -> list[Row]:
    """The pictures of one call."""
    x, c, t, mask = (reverse.argument(call, name, ORDER) for name in ORDER)
    count = len(call.out)
    if not isinstance(c, Tensor) or tuple(c.shape) != (count,):
        raise CheckFailureError("c must be a tensor with a class for each picture, (N,).")
    if not isinstance(t, Tensor) or tuple(t.shape) != (count,) or not t.is_floating_point():
        raise CheckFailureError(f"The time must be t / num_ts, with shape ({count},), floating.")
    kept = torch.ones(count) if mask is None else mask
    if not isinstance(kept, Tensor) or kept.numel() != count:
        raise CheckFailureError("mask must be a tensor with a number for each picture, (N,).")
    found = zip(x, c.tolist(), t.tolist(), kept.reshape(-1).tolist(), call.out, strict=True)  # type: ignore[call-overload]
    return [Row(*values) for values in found]
