"""Small stand-ins for the networks of Part B: they keep what they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .expect import Wrong, require

SIDE = 8
"""Height and width of the stand-in digits; small, so that many fit."""


@dataclass(frozen=True)
class Call:
    """One call of a network: its image, (N, 1, H, W), time, class and mask, each (N,)."""

    x: Tensor
    t: Tensor
    c: Tensor | None = None
    mask: Tensor | None = None


class FakeDenoiser(nn.Module):
    """A net with one parameter, its answer for every pixel; keeps its inputs in `calls`."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))
        self.calls: list[Tensor] = []
        self.values: list[float] = []

    def forward(self, x: Tensor) -> Tensor:
        """Return the parameter, in the shape of x, (N, 1, H, W)."""
        self.calls.append(x.detach().clone())
        self.values.append(float(self.value.detach()))
        return self.value.expand_as(x)


class FakeNet(nn.Module):
    """A noise predictor of times, and of classes if they are given; keeps its calls.

    Args:
        answer: From a call to the noise, (N, 1, H, W).
        value: Where its one parameter starts; it is added to the noise.
    """

    def __init__(self, answer: Callable[[Call], Tensor], value: float = 0.0) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))
        self.answer = answer
        self.calls: list[Call] = []
        self.values: list[float] = []

    def forward(
        self,
        x: Tensor,
        *inputs: Tensor,
        c: Tensor | None = None,
        t: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Take (x, t) or (x, c, t, mask), by place or by name, and return noise, (N, 1, H, W)."""
        given = list(inputs)
        if len(given) == 3:
            mask = given.pop()
        if given and t is None:
            t = given.pop()
        if given and c is None:
            c = given.pop()
        if t is None:
            raise Wrong("the network was called with the image alone; it takes the time too")
        t = _times(t, len(x))
        call = Call(x.detach().clone(), t, c, None if mask is None else mask.detach().reshape(-1))
        self.calls.append(call)
        self.values.append(float(self.value.detach()))
        return self.answer(call) + self.value


def _times(t: Tensor, count: int) -> Tensor:
    """Expect one time an image, between 0 and 1."""
    require(isinstance(t, Tensor), f"the network was given a {type(t).__name__} as time")
    require(
        t.numel() == count and t.dim() <= 2,
        f"the network was given times of shape {tuple(t.shape)}; expected ({count},)",
    )
    require(
        t.is_floating_point() and float(t.min()) >= 0 and float(t.max()) <= 1,
        "the network was given a time outside [0, 1]; divide t by num_ts",
    )
    return t.detach().reshape(-1)


def silent(call: Call) -> Tensor:
    """Answer that there is no noise at all."""
    return torch.zeros_like(call.x)


def knowing(alpha_bars: Tensor, picture: Callable[[Call], Tensor]) -> Callable[[Call], Tensor]:
    """Make an answer that sees the noise in an image of a known picture.

    Args:
        alpha_bars: Of the schedule, (T,).
        picture: From a call to the clean images, broadcastable to (N, 1, H, W).
    """

    def answer(call: Call) -> Tensor:
        index = (call.t * len(alpha_bars)).round().long() - 1
        require(
            int(index.min()) >= 0,
            "the network was asked at t = 0; the loop ends with t = 1, which gives the clean image",
        )
        signal = alpha_bars[index].reshape(-1, 1, 1, 1)
        return (call.x - signal**0.5 * picture(call)) * (1 - signal) ** -0.5

    return answer


def schedule(num_ts: int, first: float = 1e-4, last: float = 0.02) -> dict[str, Tensor]:
    """Return the linear schedule, made in double precision."""
    betas = torch.tensor(
        [first + (last - first) * step / (num_ts - 1) for step in range(num_ts)],
        dtype=torch.float64,
    )
    products, product = [], 1.0
    for beta in betas.tolist():
        product *= 1 - beta
        products.append(product)
    table = {"betas": betas, "alphas": 1 - betas, "alpha_bars": torch.tensor(products)}
    return {name: values.float() for name, values in table.items()}
