"""Compares the Triton kernels with plain torch on the CPU: `python -m tests.fast.interpreted KIND`.

Needs TRITON_INTERPRET=1 before Triton is imported, so it is a process of its own.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

from course.fast import launch, plain
from course.fast.network import Network
from course.fast.predictor import Predictor
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

D, N, STEPS = 16, 2, 2


def make(kind: str) -> nn.Module:
    """A net with the same weights each time."""
    torch.manual_seed(1)
    if kind == "none":
        return UnconditionalUNet(1, D)
    return (ClassConditionalUNet if kind == "class" else TimeConditionalUNet)(1, 10, D)


def inputs(kind: str) -> list[Tensor]:
    """Arguments of a step, of random data."""
    found = [torch.rand(N * 784), torch.randn(N * 784)]
    if kind != "none":
        found.append(torch.rand(N))
    if kind == "class":
        found.append(torch.eye(10)[:N] * torch.tensor([[1.0], [0.0]]))
    return found


def main() -> None:
    """Ends with an error where a loss, a gradient, a weight or a prediction differs."""
    kind = sys.argv[1]
    launch.PROGRAMS = launch.SUMS = 2
    nets = [Network(make(kind), 1e-3, torch.float32) for _ in range(2)]
    nets[0].ops, nets[1].ops = plain, launch
    for _ in range(STEPS):
        arguments = inputs(kind)
        losses = [net.step(*arguments) for net in nets]
        torch.testing.assert_close(losses[1], losses[0], rtol=1e-5, atol=1e-5)
        x, y = (net.flat.low_gradients for net in nets)
        torch.testing.assert_close(y, x, rtol=1e-3, atol=1e-4)
        x, y = (net.flat.gradients for net in nets)
        torch.testing.assert_close(y, x, rtol=1e-3, atol=1e-4)
    for key, value in nets[0].unet.state_dict().items():
        torch.testing.assert_close(nets[1].unet.state_dict()[key], value, rtol=1e-2, atol=2e-3)
    if kind != "none":
        labels = torch.arange(N) if kind == "class" else None
        predict = Predictor(nets[0].unet, 10, labels, torch.float32)
        x_t, t = torch.randn(N, 1, 28, 28), torch.tensor([4])
        expected = predict(x_t, t)
        predict.ops = launch
        torch.testing.assert_close(predict(x_t, t), expected, rtol=1e-3, atol=1e-4)


if __name__ == "__main__":
    main()
