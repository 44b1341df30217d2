"""Checks of `ClassConditionalUNet(in_channels, num_classes, num_hiddens)`.

Inputs: small nets (D from 4 to 8), pictures with other times and classes each. All parameters and
buffers are filled by shape, so names of attributes and the order of a concatenation do not
matter. Tolerance 2e-3, see `autograder.oracles.network`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.network import ATOL, RTOL, known
from autograder.oracles.standins import BLOCKS, TIME, UNCONDITIONAL
from autograder.oracles.unets import BATCH, Net, pictures
from autograder.subject import Subject

STANDINS = BLOCKS + UNCONDITIONAL + TIME
NET = Net("ClassConditionalUNet", time=True, classes=True)
MIXED = torch.tensor([1.0, 0.0, 1.0, 0.0])


def output(student: Subject, c: Tensor, mask: Tensor | None) -> Tensor:
    """The output of a net with known weights, in evaluation mode."""
    module, x, t = known(NET.make(student, 8)).eval(), pictures(), NET.conditions()[1]
    out = module(x, c, t) if mask is None else module(x, c, t, mask=mask)
    return as_tensor(out, tuple(x.shape), "The output")


def test_shape(student: Subject) -> None:
    """The output has the input's shape; sizes other than 28x28 are refused."""
    NET.check_shape(student)


def test_parameters(student: Subject) -> None:
    """The net has the unconditional one's parameters and those of four FCBlocks."""
    NET.check_parameters(student, {16: 127_713, 32: 506_817})


def test_uses_class(student: Subject) -> None:
    """The output changes with a picture's own class, and with no other's."""
    outs = [output(student, torch.full((BATCH,), c), None) for c in (0, 1, 9)]
    for a, b in ((0, 1), (1, 2), (0, 2)):
        change = float((outs[a] - outs[b]).abs().max())
        expect(change > 1e-3, "The output does not change with the class c.")
    NET.check_samples_apart(student, "classes or times")


def test_mask(student: Subject) -> None:
    """Mask 1 and None keep the class; mask 0 drops it, which is not class 0."""
    c = NET.conditions()[0]
    whole = output(student, c, None)
    kept = output(student, c, torch.ones(BATCH))
    expect(close(whole, kept, RTOL, ATOL), "A mask of ones must do what no mask (None) does.")
    dropped = output(student, c, torch.zeros(BATCH))
    other = output(student, c.flip(0), torch.zeros(BATCH))
    expect(close(dropped, other, RTOL, ATOL), "With mask 0 the output still depends on the class.")
    zero = output(student, torch.zeros(BATCH, dtype=torch.int64), None)
    expect(
        not close(dropped, zero, RTOL, ATOL),
        "With mask 0 the output is that of class 0: it is the one-hot vector that the mask scales.",
    )
    mixed = output(student, c, MIXED)
    parts = torch.where(MIXED.reshape(-1, 1, 1, 1) > 0, kept, dropped)
    expect(close(mixed, parts, RTOL, ATOL), "Each picture has its own entry of the mask.")
    _check_zeros(whole, dropped)


def _check_zeros(whole: Tensor, dropped: Tensor) -> None:
    """Compares a dropped class with the wiring, unless the wiring itself is another one."""
    args = NET.conditions()
    wired = [
        NET.right(pictures(), args, 8, False, mask=torch.full((BATCH,), keep))[0]
        for keep in (1.0, 0.0)
    ]
    expect(
        not close(whole, wired[0], RTOL, ATOL) or close(dropped, wired[1], RTOL, ATOL),
        "With mask 0 the FCBlocks must see a vector of zeros in place of the one-hot class.",
    )


def test_injection(student: Subject) -> None:
    """With known weights the class scales and the time shifts, before the concatenations."""
    NET.check_values(
        student,
        "the output is not that of the wiring: fc1_c(c) * unflatten + fc1_t(t) and "
        "fc2_c(c) * up1 + fc2_t(t), both before the concat, c as a one-hot vector.",
    )


def probe(student: Subject) -> Behaviour:
    """Parameters, outputs with known weights, and how masks change them."""
    found = NET.behaviour(student)
    if not isinstance(found["parameters"], str):
        module, x, args = known(NET.make(student, 8)).eval(), pictures(), NET.conditions()
        for name, mask in (("mixed", MIXED), ("dropped", torch.zeros(BATCH))):
            found[name] = attempt(lambda mask=mask: _thin(module(x, *args, mask=mask)))
    return found


def _thin(out: Tensor) -> Tensor:
    return out[..., ::5, ::5]
