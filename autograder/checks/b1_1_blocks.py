"""Checks of the nine blocks.

Inputs: each block at two widths and two sizes. All parameters and buffers get values known by
shape, so the outputs have to agree with a functional reference in both modes, whatever the layers
are called. Tolerance 2e-3: a hundred times the spread of float32, and wide enough for the tanh
form of GELU (5e-4); leaving GELU out or taking another activation moves outputs by 0.02 or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.network import ATOL, RTOL, Reference, known
from autograder.subject import Subject


class Case(NamedTuple):
    """A block, its method in `Reference`, its arguments, the shape of an input, its layers."""

    name: str
    method: str
    args: tuple[int, ...]
    shape: tuple[int, ...]
    layers: str


NORM = "BatchNorm2d, GELU"
CASES = (
    Case("Conv", "conv", (3, 5), (4, 3, 8, 6), f"Conv2d (kernel 3, stride 1, padding 1), {NORM}"),
    Case("Conv", "conv", (4, 2), (2, 4, 5, 5), f"Conv2d (kernel 3, stride 1, padding 1), {NORM}"),
    Case("DownConv", "down_conv", (3, 4), (4, 3, 8, 6), f"Conv2d (3, 2, 1), {NORM}"),
    Case("DownConv", "down_conv", (2, 2), (2, 2, 14, 14), f"Conv2d (3, 2, 1), {NORM}"),
    Case("UpConv", "up_conv", (4, 3), (3, 4, 4, 3), f"ConvTranspose2d (4, 2, 1), {NORM}"),
    Case("UpConv", "up_conv", (2, 6), (2, 2, 7, 7), f"ConvTranspose2d (4, 2, 1), {NORM}"),
    Case("Flatten", "flatten", (), (3, 4, 7, 7), "AvgPool2d (7), GELU"),
    Case("Unflatten", "unflatten", (4,), (5, 4, 1, 1), f"ConvTranspose2d (7, 7, 0), {NORM}"),
    Case("ConvBlock", "conv_block", (3, 4), (3, 3, 6, 8), "Conv, Conv"),
    Case("DownBlock", "down_block", (3, 4), (3, 3, 6, 8), "DownConv, ConvBlock"),
    Case("UpBlock", "up_block", (4, 3), (3, 4, 3, 5), "UpConv, ConvBlock"),
    Case("FCBlock", "fc_block", (1, 6), (4, 1), "Linear, GELU, Linear"),
    Case("FCBlock", "fc_block", (10, 4), (4, 10), "Linear, GELU, Linear"),
)


def picture(case: Case) -> Tensor:
    """Inputs of both signs, another for each case."""
    generator = torch.Generator().manual_seed(len(case.name) + case.shape[-1])
    return 1.5 * torch.randn(case.shape, generator=generator)


def reference(case: Case, training: bool) -> tuple[Tensor, int]:
    """The right output, and how many parameters the block has."""
    oracle = Reference(training)
    # The last argument is the width; Flatten and Unflatten keep the one they get.
    width = case.args[-1:] if len(case.args) == 2 else ()
    return getattr(oracle, case.method)(picture(case), *width), oracle.parameters


def outputs(student: Subject, case: Case) -> Iterator[tuple[str, bool, Tensor, Tensor]]:
    """Mode, its flag, the student's output with known weights, the right one."""
    module = known(student.new(case.name, *case.args, seed=1))
    for mode, training in (("evaluation", False), ("training", True)):
        # Evaluation comes first: training moves the running statistics.
        got = (module.train() if training else module.eval())(picture(case))
        yield mode, training, got, reference(case, training)[0]


def test_shapes(student: Subject) -> None:
    """Every block changes channels and size as its description says."""
    for case in CASES:
        module = student.new(case.name, *case.args, seed=1)
        want = tuple(reference(case, True)[0].shape)
        call = f"The output of {case.name}({', '.join(map(str, case.args))}) for {case.shape}"
        as_tensor(module(picture(case)), want, call)


def test_parameters(student: Subject) -> None:
    """Every block has as many trainable numbers as its layers have, biases included."""
    for case in CASES:
        got = student.new(case.name, *case.args, seed=1).num_parameters()
        want = reference(case, True)[1]
        call = f"{case.name}({', '.join(map(str, case.args))})"
        message = f"{call} must have {want} parameters ({case.layers}), yours has {got}:"
        expect(got == want, f"{message} look for a layer or a bias too many or too few.")


def test_values(student: Subject) -> None:
    """With known weights every block computes what its layers compute, in their order."""
    for case in CASES:
        for mode, _, got, want in outputs(student, case):
            out = as_tensor(got, tuple(want.shape), f"{case.name}'s output")
            message = f"{case.name} does not compute {case.layers} in {mode} mode:"
            expect(
                close(out, want, RTOL, ATOL), f"{message} check the layers, their order and GELU."
            )


def probe(student: Subject) -> Behaviour:
    """Parameters and outputs of every block, with known weights."""
    found: Behaviour = {}
    for number, case in enumerate(CASES):
        key = f"{number} {case.name}"
        made = attempt(
            lambda case=case: student.new(case.name, *case.args, seed=1).num_parameters()
        )
        found[f"{key} parameters"] = made
        if isinstance(made, str):
            continue
        module = known(student.new(case.name, *case.args, seed=1)).eval()
        found[f"{key} evaluation"] = attempt(module, picture(case))
        found[f"{key} training"] = attempt(module.train(), picture(case))
    return found
