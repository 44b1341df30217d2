"""Networks that know the drawing: the noise that they predict leads a right loop to it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..oracles.reverse import linear_schedule
from ..served import EMBEDDING, FakeStage, ServedModule
from .drawings import digit

NUM_TS = 20


class KnowingStage(FakeStage):
    """A `stage_1` whose UNet sees a drawing for each prompt.

    Args:
        drawings: Pictures, (1, 3, 64, 64), by the number that fills their prompt's embedding.
        certainty: Share of the drawing in what it sees; the rest is the given picture, scaled.
    """

    def __init__(self, drawings: dict[int, Tensor], certainty: float = 1.0) -> None:
        super().__init__()
        self.certainty = certainty
        self.drawings = {number: picture[0] for number, picture in drawings.items()}

    def predict(self, x: Tensor, t: int, embeds: Tensor) -> tuple[Tensor, Tensor]:
        """The noise that is in x if the drawing is; DDPM, eq. 4 solved for it."""
        asked = float(embeds.float().mean())
        drawing = self.drawings[min(self.drawings, key=lambda number: abs(number - asked))]
        bar = self.alphas_cumprod[t]
        given = (x.float() / bar.sqrt()).clamp(-1, 1)
        drawing = self.certainty * drawing + (1 - self.certainty) * given
        noise = (x.float() - bar.sqrt() * drawing) / (1 - bar).sqrt()
        # The smaller of both variances.
        return noise, -torch.ones_like(noise)


def prompt(number: int, count: int = 1) -> Tensor:
    """The embedding that stands for a drawing, (count, 77, 8)."""
    return torch.full((count, *EMBEDDING), float(number))


class KnowingUNet(nn.Module):
    """A network of Part B that sees a 7; where it is asked for classes, their digits.

    Args:
        alpha_bars: (T,), of timesteps 1 .. T.
    """

    def __init__(self, alpha_bars: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.alpha_bars = alpha_bars

    def forward(self, x: Tensor, c: Tensor, t: Any = None, mask: Tensor | None = None) -> Tensor:
        """The noise that is in x if the digit is; DDPM, eq. 4 solved for it.

        Args:
            x: (N, 1, 28, 28).
            c: Classes, (N,) of `STROKES`; the time where t is None.
            t: Timesteps over their number, (N,) or (N, 1).
            mask: 0 where the class is dropped and nothing is seen, (N,) or (N, 1).
        """
        times = torch.as_tensor(c if t is None else t).reshape(-1)
        step = (times * len(self.alpha_bars)).round().long().clamp(1, len(self.alpha_bars))
        bar = self.alpha_bars[step - 1].reshape(-1, 1, 1, 1)
        classes = [7] if t is None else c.reshape(-1).long().tolist()
        seen = torch.cat([digit(number) for number in classes])
        if mask is not None:
            seen = seen * mask.reshape(-1, 1, 1, 1)
        noise: Tensor = (x - bar.sqrt() * seen) / (1 - bar).sqrt() * self.weight
        return noise


def schedule() -> dict[str, Tensor]:
    """A short schedule in the course's form that ends in noise."""
    return linear_schedule(1e-3, 0.5, NUM_TS)


def served(tables: dict[str, Tensor]) -> ServedModule:
    """The network of Part B, as an answer gets it."""
    return ServedModule(KnowingUNet(tables["alpha_bars"]).eval())
