"""Training pictures made on the GPU: pictograms moved, turned and put on backgrounds in batches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .captions import COLOURS
from .phrases import Book, join


@dataclass(frozen=True)
class Variety:
    """How much training pictures and captions vary.

    Attributes:
        scale: Smallest and largest size, 1 as it is.
        shift: Largest shift, as a share of the picture.
        turn: Largest turn in degrees.
        stretch: Largest stretch of one side against the other.
        gain: Largest change of contrast of each colour channel.
        white: Share of white backgrounds.
        told: Share of coloured backgrounds that the caption tells.
        pairs: Share of pictures of two things.
        dropped: Share of empty captions.
        blurred: Share of blurred pictures among those with an empty caption: guidance leads away
            from them.
        captions: Captions that are written for each picture.
    """

    scale: tuple[float, float] = (0.75, 1.06)
    shift: float = 0.07
    turn: float = 9.0
    stretch: float = 0.06
    gain: float = 0.06
    white: float = 0.55
    told: float = 0.75
    pairs: float = 0.07
    dropped: float = 0.12
    blurred: float = 0.2
    captions: int = 48


_SIDED = re.compile(
    r"left|right|clock|thirty|place medal|8 ball|input|SOS|OK|NEW|check|music", re.I
)


class Scenes:
    """Draws batches of pictures and captions.

    Attributes:
        rgba: All pictures, (N, 4, 64, 64), uint8, on the device.
        book: Their captions.
        variety: How much they vary.
    """

    def __init__(
        self,
        rgba: Tensor,
        rows: Sequence[dict[str, Any]],
        book: Book,
        variety: Variety,
        generator: torch.Generator,
    ) -> None:
        device = generator.device
        self.rgba, self.book, self.variety = rgba.to(device), book, variety
        self._generator = generator
        styles = sorted({row["style"] for row in rows})
        style = torch.tensor([styles.index(row["style"]) for row in rows])
        self._style = style.to(device)
        self._order = style.argsort(stable=True).to(device)
        counts = torch.bincount(style)
        self._counts = counts.to(device)
        self._starts = (counts.cumsum(0) - counts).to(device)
        sided = [bool(_SIDED.search(row["name"])) for row in rows]
        self._sided = torch.tensor(sided, device=device)
        self._black = torch.tensor([row["style"] == "mono" for row in rows], device=device)
        self._colours = torch.tensor(list(COLOURS.values()), device=device) / 255
        self._dark = list(COLOURS).index("black")

    def draw(self, batch: int) -> tuple[Tensor, Tensor]:
        """Draw a batch.

        Returns:
            Pictures, (B, 3, 64, 64) in [-1, 1], and the tokens of their captions, (B, 77).
        """
        variety = self.variety
        index = self._integers(batch, len(self.rgba))
        second = self._of_same_style(index)
        pair = self._uniform(batch) < variety.pairs
        stacked = self._uniform(batch) < 0.3
        colour, white = self._backgrounds(index)
        dropped = (self._uniform(batch) < variety.dropped) & ~pair
        x = self._compose(index, second, pair, stacked, colour)
        blurred = dropped & (self._uniform(batch) < variety.blurred)
        x = torch.where(blurred[:, None, None, None], F.avg_pool2d(x, 5, 1, 2, False, False), x)
        told = ~dropped & (self._uniform(batch) < torch.where(white, 0.1, variety.told))
        return x * 2 - 1, self._tell(index, second, (pair, stacked, dropped, told), colour)

    def _compose(
        self, index: Tensor, second: Tensor, pair: Tensor, stacked: Tensor, colour: Tensor
    ) -> Tensor:
        """One or two things on a background, (B, 3, 64, 64) in [0, 1]."""
        batch, generator = len(index), self._generator
        noise = torch.randn(batch, 3, device=index.device, generator=generator)
        ground = (self._colours[colour] + 0.03 * noise * (colour > 0)[:, None]).clamp(0, 1)
        picture = ground[:, :, None, None]
        half = torch.where(pair, 0.56, 1.0)
        for sign, which in ((-1.0, index), (1.0, second)):
            along = torch.where(pair, 0.47 * sign, 0.0)
            centre = torch.stack([along * ~stacked, along * stacked], 1)
            layer = self._moved(which, half, centre)
            if sign > 0:
                layer = layer * pair[:, None, None, None]
            picture = layer[:, :3] + picture * (1 - layer[:, 3:])
        gain = 1 + self.variety.gain * (2 * self._uniform(batch, 3) - 1)
        return (1 - (1 - picture) * gain[:, :, None, None]).clamp(0, 1)

    def _moved(self, index: Tensor, size: Tensor, centre: Tensor) -> Tensor:
        """Pictures, premultiplied, scaled, turned, mirrored and moved, (B, 4, 64, 64)."""
        variety, batch = self.variety, len(index)
        rgba = self.rgba[index].float() / 255
        layer = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], 1)
        low, high = variety.scale
        scale = size * (low + (high - low) * self._uniform(batch))
        stretch = 1 + variety.stretch * (2 * self._uniform(batch) - 1)
        angle = torch.deg2rad(variety.turn * (2 * self._uniform(batch) - 1))
        mirror = torch.where((self._uniform(batch) < 0.5) & ~self._sided[index], -1.0, 1.0)
        shift = 2 * variety.shift * (2 * self._uniform(batch, 2) - 1) * size[:, None] + centre
        across, down = mirror / (scale * stretch), stretch / scale
        cos, sin = angle.cos(), angle.sin()
        linear = torch.stack([across * cos, across * sin, -down * sin, down * cos], 1)
        linear = linear.view(batch, 2, 2)
        theta = torch.cat([linear, -linear @ shift[:, :, None]], 2)
        grid = F.affine_grid(theta, list(layer.shape), align_corners=False)
        moved = F.grid_sample(layer, grid, "bicubic", "zeros", align_corners=False).clamp(0, 1)
        return torch.cat([torch.minimum(moved[:, :3], moved[:, 3:]), moved[:, 3:]], 1)

    def _backgrounds(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Number of each background's colour, and whether it is white."""
        colour = 1 + self._integers(len(index), len(self._colours) - 1)
        white = (self._uniform(len(index)) < self.variety.white) | (
            self._black[index] & (colour == self._dark)
        )
        return torch.where(white, 0, colour), white

    def _tell(
        self, index: Tensor, second: Tensor, choice: tuple[Tensor, ...], colour: Tensor
    ) -> Tensor:
        """Tokens of the captions, (B, 77)."""
        book, batch = self.book, len(index)
        pair, stacked, dropped, told = choice
        own = book.captions[index * book.each + self._integers(batch, book.each)]
        styled = pair & (self._uniform(batch) < 0.5)
        return join(
            [
                own.only(~pair & ~dropped),
                book.styles[index].only(styled),
                book.names[index].only(pair),
                book.sides[self._integers(batch, len(book.sides.lengths))].only(pair & ~stacked),
                book.above[self._integers(batch, len(book.above.lengths))].only(pair & stacked),
                book.names[second].only(pair),
                book.backgrounds[colour].only(told),
            ]
        )

    def _of_same_style(self, index: Tensor) -> Tensor:
        style = self._style[index]
        place = (self._uniform(len(index)) * self._counts[style]).long()
        return self._order[self._starts[style] + place]

    def _uniform(self, *shape: int) -> Tensor:
        generator = self._generator
        return torch.rand(*shape, device=generator.device, generator=generator)

    def _integers(self, count: int, end: int) -> Tensor:
        generator = self._generator
        return torch.randint(end, (count,), device=generator.device, generator=generator)


def plain(rgba: Tensor) -> Tensor:
    """Pictures as they are on white, (B, 3, 64, 64) in [-1, 1]."""
    x = rgba.float() / 255
    return (x[:, :3] * x[:, 3:] + 1 - x[:, 3:]) * 2 - 1


def colours_of(rgba: Tensor, share: float = 0.2) -> list[list[str]]:
    """Named colours that cover at least a share of what is drawn, most frequent first.

    Args:
        rgba: (N, 4, H, W), uint8.
        share: Smallest share.
    """
    named = torch.tensor(list(COLOURS.values()), device=rgba.device).float()
    names = list(COLOURS)
    found: list[list[str]] = []
    for chunk in rgba[:, :, ::2, ::2].split(512):
        pixels = chunk[:, :3].flatten(2).transpose(1, 2).float()
        nearest = torch.cdist(pixels, named).argmin(-1)
        seen = F.one_hot(nearest, len(names)) * (chunk[:, 3].flatten(1) > 127)[..., None]
        shares = seen.sum(1) / seen.sum((1, 2)).clamp(min=1)[:, None]
        for row in shares.cpu():
            order = row.argsort(descending=True).tolist()
            found.append([names[number] for number in order if row[number] >= share])
    return found
