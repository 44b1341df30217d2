"""Training pictures of the judges: pictograms on all grounds, moved, turned, softened."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .pack import Pack
from .split import is_held_out

ONE_WAY = ("left", "right", "o’clock", "o'clock", "thirty", "button", "clockwise", "symbol")
"""Words of names whose pictures mean something else, or nothing, in a mirror."""


class Augmenter:
    """Makes batches of training pictures on the device that holds the pictograms.

    Args:
        pack: The pictograms.
        device: Where batches are made.
    """

    def __init__(self, pack: Pack, device: torch.device) -> None:
        self.names = tuple(sorted(set(pack.names)))
        place = {name: number for number, name in enumerate(self.names)}
        held_out = [is_held_out(*pair) for pair in zip(pack.styles, pack.names, strict=True)]
        self.rgba = pack.rgba.to(device)
        self.labels = torch.tensor([place[name] for name in pack.names], device=device)
        self.held_out = torch.tensor(held_out).nonzero()[:, 0].to(device)
        self.trained = (~torch.tensor(held_out)).nonzero()[:, 0].to(device)
        mirrored = [not any(word in name.split() for word in ONE_WAY) for name in pack.names]
        self.mirrored = torch.tensor(mirrored, device=device)

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Draw training pictures, (size, 3, 64, 64) in about [-1, 1], and their labels, (size,)."""
        chosen = self.trained[torch.randint(len(self.trained), (size,), device=self.rgba.device)]
        moved = _move(_premultiplied(self.rgba[chosen]), self.mirrored[chosen])
        return _soften(_on_ground(moved, _grounds(size, moved))), self.labels[chosen]

    def plain(self, chosen: Tensor) -> Tensor:
        """Pictures as they are, on white, (N, 3, 64, 64) in [-1, 1]."""
        drawn = _premultiplied(self.rgba[chosen])
        return _on_ground(drawn, torch.ones(len(chosen), 3, 1, 1, device=drawn.device))


def _premultiplied(rgba: Tensor) -> Tensor:
    """Colours times alpha, so that moving does not bring in those of transparent pixels."""
    scaled = rgba.float() / 255
    return torch.cat([scaled[:, :3] * scaled[:, 3:], scaled[:, 3:]], 1)


def _on_ground(drawn: Tensor, ground: Tensor) -> Tensor:
    return 2 * (drawn[:, :3] + (1 - drawn[:, 3:]) * ground).clamp(0, 1) - 1


def _grounds(size: int, like: Tensor) -> Tensor:
    """White for half of the pictures, any colour for the others."""
    colours = torch.rand(size, 3, 1, 1, device=like.device)
    white = torch.rand(size, 1, 1, 1, device=like.device) < 0.5
    return torch.where(white, torch.ones_like(colours), colours)


def _move(drawn: Tensor, mirrored: Tensor) -> Tensor:
    """Turn by up to 12 degrees, scale to 0.7 to 1.1, shift by up to a tenth, mirror."""
    size, device = len(drawn), drawn.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(size, device=device) * (high - low) + low

    angle, scale = uniform(-0.21, 0.21), 1 / uniform(0.7, 1.1)
    sign = torch.where(mirrored & (torch.rand(size, device=device) < 0.5), -1.0, 1.0)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    rows = [
        torch.stack([cos * sign, -sin, uniform(-0.2, 0.2)], 1),
        torch.stack([sin * sign, cos, uniform(-0.2, 0.2)], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(drawn.shape), align_corners=False)
    return F.grid_sample(drawn, grid, align_corners=False)


def _soften(images: Tensor) -> Tensor:
    """Blur two pictures in five, change contrast and colours a little, add a little noise.

    Samples of a model are softer and noisier than drawings, and far views are blurred.
    """
    size, device = len(images), images.device
    sigma = torch.rand(size, device=device) * 2.5
    sigma = torch.where(torch.rand(size, device=device) < 0.4, sigma, 0.01)
    images = _blurred(images, sigma)
    gain = 1 + 0.3 * (torch.rand(size, 3, 1, 1, device=device) - 0.5)
    grey = images.mean(1, keepdim=True)
    colour = 0.6 + 0.6 * torch.rand(size, 1, 1, 1, device=device)
    images = (grey + colour * (images - grey)) * gain
    noise = torch.rand(size, 1, 1, 1, device=device).square() * 0.15
    return (images + noise * torch.randn_like(images)).clamp(-1, 1)


def _blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each picture with a standard deviation of its own, (N,), in pixels."""
    offsets = torch.arange(-6, 7, device=images.device)
    kernels = torch.exp(-offsets.square() / (2 * sigma[:, None].square().clamp(min=1e-4)))
    kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(3, 0)[:, None]
    flat = F.pad(images, [6, 6, 6, 6], mode="reflect").flatten(0, 1)[None]
    flat = F.conv2d(flat, kernels[:, :, :, None], groups=flat.shape[1])
    flat = F.conv2d(flat, kernels[:, :, None, :], groups=flat.shape[1])
    return flat[0].view_as(images)
