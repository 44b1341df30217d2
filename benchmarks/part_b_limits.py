"""What Part B costs at least: operations and bytes counted, the card's rates measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course.fast.predictor import SPLIT
from solutions.unet import ClassConditionalUNet

TRAINING_PASSES = 14
"""Times that a step moves each batch norm's activations: forward, y written, read for its moments,
read and written by norm and GELU, read by the next convolution (5); backward, read with the
gradient for the sums (2) and again for the input's gradient, which is written (3), which the two
convolutions of the way back read with the input, one of them writing (4)."""
SAMPLING_PASSES = 4
"""Forward with batch norm folded: y written and read, GELU written and read."""


@dataclass(frozen=True)
class Counts:
    """Of the class-conditioned UNet, for one picture.

    Attributes:
        operations: Multiplications and additions of a prediction.
        shared: Those of them that guidance's two halves share.
        activations: Values behind batch norms.
        shared_activations: Those that the halves share.
        parameters: Weights.
    """

    operations: int
    shared: int
    activations: int
    shared_activations: int
    parameters: int


def count(hiddens: int) -> Counts:
    """Counts by running a network on one picture."""
    unet = ClassConditionalUNet(1, 10, hiddens).eval()
    operations: dict[str, int] = {}
    activations: dict[str, int] = {}

    def hook(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def found(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if isinstance(module, nn.BatchNorm2d):
                activations[name] = output.numel()
            elif isinstance(module, nn.ConvTranspose2d):
                operations[name] = 2 * inputs[0].numel() * module.weight[0].numel()
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                operations[name] = 2 * output.numel() * module.weight[0].numel()

        return found

    for name, module in unet.named_modules():
        module.register_forward_hook(hook(name))
    with torch.no_grad():
        unet(torch.zeros(1, 1, 28, 28), torch.zeros(1, dtype=torch.long), torch.zeros(1))
    down = ("conv_in", "down1", "down2", "unflatten")
    paths = {"c1": "up1.layers.0", "d1": "up2.layers.0", "out1": "conv_out.layers.0"}
    skips = sum(operations[f"{paths[name]}.layers.0"] // 2 for name in SPLIT)
    return Counts(
        operations=sum(operations.values()),
        shared=skips + sum(v for k, v in operations.items() if k.startswith(down)),
        activations=sum(activations.values()),
        shared_activations=sum(v for k, v in activations.items() if k.startswith(down)),
        parameters=sum(p.numel() for p in unet.parameters()),
    )


@dataclass(frozen=True)
class Rates:
    """What the card does, measured.

    Attributes:
        operations: A second, bfloat16, of a product of two 8192 x 8192 matrices.
        bytes: A second, read and written, of a copy of 1 GiB.
    """

    operations: float
    bytes: float


def rates() -> Rates:
    """Measures the two ceilings."""
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    source = torch.randn(2**28, device="cuda")
    target = torch.empty_like(source)
    product = best_milliseconds(lambda: a @ b)
    copy = best_milliseconds(lambda: target.copy_(source))
    return Rates(2 * 8192**3 / product * 1e3, 2 * source.nbytes / copy * 1e3)


def best_milliseconds(run: Callable[[], Any], times: int = 20) -> float:
    """The shortest of some runs on the GPU, after three that are not counted."""
    for _ in range(3):
        run()
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(times)]
    for start, end in events:
        start.record()
        run()
        end.record()
    torch.cuda.synchronize()
    return float(min(start.elapsed_time(end) for start, end in events))


def training_floor(found: Counts, card: Rates, pictures: int) -> dict[str, float]:
    """Operations, bytes and the seconds that they take at the card's rates."""
    operations = 3.0 * found.operations * pictures
    moved = 2.0 * TRAINING_PASSES * found.activations * pictures
    return _floor(operations, moved, card)


def sampling_floor(found: Counts, card: Rates, pictures: int, steps: int) -> dict[str, float]:
    """The same for guided samples, the halves' common part computed once."""
    predictions = pictures * steps
    operations = float((2 * found.operations - found.shared) * predictions)
    values = 2 * found.activations - found.shared_activations
    return _floor(operations, 2.0 * SAMPLING_PASSES * values * predictions, card)


def _floor(operations: float, moved: float, card: Rates) -> dict[str, float]:
    return {
        "operations": operations,
        "bytes": moved,
        "seconds of operations": operations / card.operations,
        "seconds of bytes": moved / card.bytes,
    }
