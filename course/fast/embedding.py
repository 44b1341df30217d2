"""The UNets' fully connected blocks, forwards and backwards: scales and shifts of two places."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Flat

aten = torch.ops.aten
NAMES = ("fc1_c", "fc1_t", "fc2_c", "fc2_t")


class Embedding:
    """Classes and times to (N, 2D) and (N, D) each: Linear, GELU, Linear.

    The first layer is computed in float32, since neighbouring timesteps are one number in
    bfloat16; the second in the precision of the convolutions.

    Args:
        unet: One of the solution's nets; there is nothing to do for the unconditional one.
        flat: Its weights.
    """

    def __init__(self, unet: nn.Module, flat: Flat) -> None:
        names = dict(unet.named_parameters())
        self.names = [name for name in NAMES if f"{name}.layers.0.weight" in names]
        self.first: dict[str, tuple[Tensor, Tensor]] = {}
        self.second: dict[str, tuple[Tensor, Tensor]] = {}
        for name in self.names:
            at = [f"{name}.layers.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")]
            self.first[name] = names[at[0]].detach(), names[at[1]].detach()
            low = [flat.view(flat.low, a, names[a].shape) for a in at[2:]]
            self.second[name] = low[0], low[1]
        self.order = [name.split(".")[0] for name in flat.fc if name.endswith("0.weight")]
        self.kept: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def forward(self, times: Tensor, classes: Tensor | None) -> list[Tensor]:
        """Scale and shift of the bottom, then of the middle; scales are 1 without classes.

        Args:
            times: t / T, (N,).
            classes: One-hot vectors, zeros where the class is dropped, (N, classes).
        """
        found = []
        for name in self.names:
            (w1, b1), (w2, b2) = self.first[name], self.second[name]
            if name.endswith("t"):
                x = times[:, None]
                h = torch.addcmul(b1, x, w1[:, 0])
            else:
                assert classes is not None
                x = classes
                h = F.linear(x, w1, b1)
            a = F.gelu(h).to(w2.dtype)
            self.kept[name] = x, h, a
            y = F.linear(a, w2, b2).float()
            found += [y] if classes is not None else [torch.ones_like(y), y]
        return found

    def backward(self, gradients: list[Tensor]) -> list[Tensor]:
        """Gradients of the parameters, flat, in the order of `Flat.fc`.

        Args:
            gradients: Of the result of `forward`, (N, width) each.
        """
        if len(gradients) > len(self.names):
            gradients = gradients[1::2]
        by_name = dict(zip(self.names, gradients, strict=True))
        return [g for name in self.order for g in self._backward(name, by_name[name])]

    def _backward(self, name: str, g: Tensor) -> list[Tensor]:
        x, h, a = self.kept[name]
        w2 = self.second[name][0]
        low = g.to(w2.dtype)
        inner = aten.gelu_backward(low @ w2, h.to(w2.dtype))
        first, second = inner.T @ x.to(w2.dtype), low.T @ a
        return [x.flatten() for x in (first, inner.sum(0), second, low.sum(0))]
