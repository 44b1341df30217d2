"""Visible checks of B 1.1, B 2.1 and B 2.4: the blocks and the three UNets."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .expect import close, require, tensor
from .registry import visible

_HIDDENS = 16
_ROUNDING = 2e-5  # outputs are below 1; classes and times change them by 0.008 and more
_COUNTS = {"uncond": 124_433, "time": 125_857, "class": 127_713}
"""Parameters of the UNets with 16 hidden channels."""

# Of each block with 3 channels in and 5 out (Unflatten: 3): output for an input of 3 channels at
# 14x14 (Flatten: 7x7, Unflatten: 1x1, FCBlock: a vector), and parameters: weights, biases and two
# a channel of each BatchNorm.
_BLOCKS: dict[str, tuple[tuple[int, ...], tuple[int, ...], int]] = {
    "Conv": ((2, 3, 14, 14), (2, 5, 14, 14), 150),
    "DownConv": ((2, 3, 14, 14), (2, 5, 7, 7), 150),
    "UpConv": ((2, 3, 14, 14), (2, 5, 28, 28), 255),
    "Flatten": ((2, 3, 7, 7), (2, 3, 1, 1), 0),
    "Unflatten": ((2, 3, 1, 1), (2, 3, 7, 7), 450),
    "ConvBlock": ((2, 3, 14, 14), (2, 5, 14, 14), 390),
    "DownBlock": ((2, 3, 14, 14), (2, 5, 7, 7), 630),
    "UpBlock": ((2, 3, 14, 14), (2, 5, 28, 28), 735),
    "FCBlock": ((2, 3), (2, 5), 50),
}


def _make(name: str, block: Any) -> nn.Module:
    """Make a block with 3 channels in and 5 out."""
    arguments = {"Flatten": (), "Unflatten": (3,)}.get(name, (3, 5))
    module = block(*arguments)
    require(isinstance(module, nn.Module), f"{name} is no nn.Module")
    return module  # type: ignore[no-any-return]


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@visible("b1_1_blocks", "shapes")
def _block_shapes(*blocks: Any) -> None:
    for (name, (given, wanted, _)), block in zip(_BLOCKS.items(), blocks, strict=True):
        result = _make(name, block)(torch.rand(given))
        tensor(result, wanted, f"the output of {name} for an input of shape {given}")


@visible("b1_1_blocks", "parameters")
def _block_parameters(*blocks: Any) -> None:
    for (name, (_, _, wanted)), block in zip(_BLOCKS.items(), blocks, strict=True):
        count = _count(_make(name, block))
        require(
            count == wanted,
            f"{name} with 3 channels in and 5 out has {count} parameters; expected {wanted}. "
            "Compare kernel sizes, biases and BatchNorm with its docstring",
        )


@visible("b1_1_blocks", "values")
@torch.no_grad()
def _block_values(*blocks: Any) -> None:
    for (name, (given, _, _)), block in zip(_BLOCKS.items(), blocks, strict=True):
        module, x = _make(name, block), torch.randn(8, *given[1:])
        if name == "Flatten":
            message = "Flatten: the mean of ones, then GELU, is 0.841"
            close(module(torch.ones(1, 3, 7, 7)), 0.8413, 1e-3, message)
        elif name == "FCBlock":
            message = "FCBlock: nothing comes after the second Linear, so outputs can be below -0.2"
            require(float(module(100 * x).min()) < -0.2, message)
        else:
            lowest = float(module(x).min())
            message = f"{name}: GELU never gives less than -0.17; the output has {lowest:.2f}"
            require(lowest > -0.171, message)
            message = f"{name}: the output changes with the scale of the input; is BatchNorm there?"
            close(module(1000 * x), module(x), 0.15, message)


def _output(result: Any) -> Tensor:
    return tensor(result, (2, 1, 28, 28), "the output for two digits")


def _parameters(unet: nn.Module, kind: str) -> None:
    count, wanted = _count(unet), _COUNTS[kind]
    require(
        count == wanted,
        f"with one channel and 16 hidden ones there are {count:,} parameters; expected {wanted:,}. "
        "Compare each block's channels with the diagram",
    )


@visible("b1_1_unet", "shape")
def _unet_shape(unet_class: Any) -> None:
    _output(unet_class(1, _HIDDENS)(torch.rand(2, 1, 28, 28)))


@visible("b1_1_unet", "parameters")
def _unet_parameters(unet_class: Any) -> None:
    _parameters(unet_class(1, _HIDDENS), "uncond")


@visible("b1_1_unet", "output_range")
def _unet_range(unet_class: Any) -> None:
    unet = unet_class(1, _HIDDENS)
    last = [parameter for parameter in unet.parameters() if parameter.shape == (1,)]
    message = "the last layer is a plain convolution: no BatchNorm after it"
    require(len(last) == 1, message)
    with torch.no_grad():
        last[0].fill_(-9)
        result = _output(unet(torch.rand(2, 1, 28, 28)))
    require(float(result.min()) < -1, "the last layer is a plain convolution: no GELU after it")


@visible("b2_1_time_unet", "shape")
def _time_shape(unet_class: Any) -> None:
    _output(unet_class(1, 10, _HIDDENS)(torch.rand(2, 1, 28, 28), torch.tensor([0.2, 0.9])))


@visible("b2_1_time_unet", "parameters")
def _time_parameters(unet_class: Any) -> None:
    _parameters(unet_class(1, 10, _HIDDENS), "time")


def _stronger(unet: Any) -> Any:
    """Scale the parameters up: fresh ones hardly let time and class through to the output."""
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.mul_(1.5)
    return unet.eval()


def _differ(first: Tensor, second: Tensor) -> bool:
    return float((first - second).abs().max()) > _ROUNDING


@visible("b2_1_time_unet", "uses_time")
def _time_used(unet_class: Any) -> None:
    unet = _stronger(unet_class(1, 10, _HIDDENS))
    x = torch.rand(1, 1, 28, 28).expand(2, -1, -1, -1)
    times = torch.tensor([0.0, 1.0])
    with torch.no_grad():
        both = _output(unet(x, times))
        require(_differ(both[0], both[1]), "the output is the same at t = 0 and t = 1")
        alone = unet(x[:1], times[1:])
    close(
        alone[0], both[1], _ROUNDING, "in a batch, an image's output depends on the others' times"
    )


def _class_inputs() -> tuple[Tensor, Tensor, Tensor]:
    """Return one digit twice, two classes, and one time twice."""
    x = torch.rand(1, 1, 28, 28).expand(2, -1, -1, -1)
    return x, torch.tensor([0, 7]), torch.tensor([0.5, 0.5])


@visible("b2_4_class_unet", "shape")
def _class_shape(unet_class: Any) -> None:
    _output(unet_class(1, 10, _HIDDENS)(*_class_inputs()))


@visible("b2_4_class_unet", "parameters")
def _class_parameters(unet_class: Any) -> None:
    _parameters(unet_class(1, 10, _HIDDENS), "class")


@visible("b2_4_class_unet", "uses_class")
def _class_used(unet_class: Any) -> None:
    unet, (x, c, t) = _stronger(unet_class(1, 10, _HIDDENS)), _class_inputs()
    with torch.no_grad():
        both = _output(unet(x, c, t))
        other = _output(unet(x, c, torch.tensor([0.0, 1.0])))
    require(_differ(both[0], both[1]), "the output is the same for the classes 0 and 7")
    require(_differ(both, other), "the output is the same at all times")


@visible("b2_4_class_unet", "mask")
def _class_mask(unet_class: Any) -> None:
    unet, (x, c, t) = _stronger(unet_class(1, 10, _HIDDENS)), _class_inputs()
    with torch.no_grad():
        kept, plain = unet(x, c, t, mask=torch.ones(2)), unet(x, c, t)
        dropped = _output(unet(x, c, t, mask=torch.zeros(2)))
    close(
        kept, plain, _ROUNDING, "a mask of ones does not give what no mask gives; 1 keeps the class"
    )
    message = "with a mask of zeros the class still matters; multiply the one-hot vector by it"
    close(dropped[0], dropped[1], _ROUNDING, message)
    message = "a dropped class is treated as class 0; multiply the one-hot vector, not the label"
    require(_differ(dropped[0], plain[0]), message)
