"""Checks of `TimeConditionalUNet(in_channels, num_classes, num_hiddens)`.

Inputs: small nets (D from 4 to 8), pictures with other times each. All parameters and buffers are
filled by shape, so names of attributes and the order of a concatenation do not matter. Tolerance
2e-3, see `autograder.oracles.network`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import as_tensor, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.network import known
from autograder.oracles.standins import BLOCKS, UNCONDITIONAL
from autograder.oracles.unets import BATCH, Net, pictures
from autograder.subject import Subject

STANDINS = BLOCKS + UNCONDITIONAL
NET = Net("TimeConditionalUNet", time=True)


def test_shape(student: Subject) -> None:
    """The output has the input's shape; sizes other than 28x28 are refused."""
    NET.check_shape(student)


def test_parameters(student: Subject) -> None:
    """The net has the unconditional one's parameters and those of two FCBlocks."""
    NET.check_parameters(student, {16: 125_857, 32: 500_545})


def test_uses_time(student: Subject) -> None:
    """The output changes with a picture's own time, and with no other's."""
    module = known(NET.make(student, 8)).eval()
    x = pictures()
    outs = [
        as_tensor(module(x, torch.full((BATCH,), t)), tuple(x.shape), "The output")
        for t in (0.1, 0.9)
    ]
    change = float((outs[0] - outs[1]).abs().max())
    expect(change > 1e-3, "The output does not change with t: add the FCBlocks' outputs.")
    NET.check_samples_apart(student, "times")


def test_injection(student: Subject) -> None:
    """With known weights the time is added, before the concatenations."""
    NET.check_values(
        student,
        "the output is not that of the wiring: fc1_t(t) is added to unflatten and fc2_t(t) to up1, "
        "both before the concat and neither multiplied, and t is used as it comes.",
    )


def probe(student: Subject) -> Behaviour:
    """Parameters, outputs with known weights, and how they change with the time."""
    found = NET.behaviour(student)
    if not isinstance(found["parameters"], str):
        module, x = known(NET.make(student, 8)).eval(), pictures()
        found["late"] = attempt(lambda: _thin(module(x, torch.ones(BATCH))))
    return found


def _thin(out: Tensor) -> Tensor:
    return out[..., ::5, ::5]
