"""Checks of `UnconditionalUNet(in_channels, num_hiddens)`.

Inputs: small nets (D from 4 to 8) of one to three channels, and D = 16 and 32 for the parameters.
The values check fills all parameters and buffers by shape, alike in both halves of a
concatenation, and compares with a functional reference in both modes: names of attributes and the
order of a concatenation do not matter. Tolerance 2e-3, see `autograder.oracles.network`.
"""

from __future__ import annotations

from autograder.diagnosis import Behaviour
from autograder.oracles.standins import BLOCKS
from autograder.oracles.unets import Net
from autograder.subject import Subject

STANDINS = BLOCKS
NET = Net("UnconditionalUNet")


def test_shape(student: Subject) -> None:
    """The output has the input's shape; sizes other than 28x28 are refused."""
    NET.check_shape(student)


def test_parameters(student: Subject) -> None:
    """The net has as many parameters as the wiring says."""
    NET.check_parameters(student, {16: 124_433, 32: 495_137})


def test_skips(student: Subject) -> None:
    """With known weights the output is that of the wiring, skips included."""
    NET.check_values(
        student,
        "the output is not what the wiring gives: check the order of the blocks, and that "
        "unflatten meets e3, up1 meets e2 and up2 meets e1.",
    )


def test_output_range(student: Subject) -> None:
    """Nothing comes after the last convolution."""
    NET.check_bare_output(student)


def probe(student: Subject) -> Behaviour:
    """Parameters and outputs with known weights."""
    return NET.behaviour(student)
