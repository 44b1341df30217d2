"""The miniature's UNet, with diffusers' names of the weights and a forward pass made for training.

`diffusers.UNet2DConditionModel` loads these weights and computes the same (a test compares them).
Training goes through this module instead, because its pictures stay channels-last from end to
end, its group norm sums over pixels first, which such pictures are read fast for, and because
`torch.compile` takes it whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import fused
from .attention import TextTransformer


@dataclass(frozen=True)
class UNetShape:
    """Sizes of a UNet.

    Attributes:
        channels: Channels at 64, 32, 16 and 8 pixels.
        heads: Attention heads at each of them; 0 for no attention there.
        time: Width of the embedding of timestep and text.
        text: Width of the text embeddings.
        groups: Groups of the group norms.
    """

    channels: tuple[int, ...] = (48, 96, 160, 192)
    heads: tuple[int, ...] = (0, 0, 5, 6)
    time: int = 192
    text: int = 256
    groups: int = 16


class ResnetBlock(nn.Module):
    """Two convolutions; timestep and text scale and shift what lies between them."""

    def __init__(self, before: int, after: int, shape: UNetShape) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(shape.groups, before)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.time_emb_proj = nn.Linear(shape.time, 2 * after)
        self.norm2 = nn.GroupNorm(shape.groups, after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(before, after, 1) if before != after else None

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Transform pictures, (B, C, H, W), given an activated embedding, (B, time)."""
        scale, shift = self.time_emb_proj(embedding).float().chunk(2, dim=1)
        h = fused.norm_act(self.norm1, x, act=True)
        h = F.conv2d(h, self.conv1.weight, padding=1)
        h = fused.norm_act(
            self.norm2, h, act=True, bias=self.conv1.bias, scale=1 + scale, shift=shift
        )
        h = F.conv2d(h, self.conv2.weight, padding=1)
        bias = cast(Tensor, self.conv2.bias)
        if self.conv_shortcut is None:
            return fused.add(x, h, bias)
        kept = F.conv2d(x, self.conv_shortcut.weight)
        return fused.add(kept, h, bias + cast(Tensor, self.conv_shortcut.bias))


class Resampler(nn.Module):
    """A convolution after doubling (`up`), or with stride 2."""

    def __init__(self, channels: int, *, up: bool) -> None:
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(channels, channels, 3, stride=1 if up else 2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Double or halve the sides of pictures, (B, C, H, W)."""
        if self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        resampled: Tensor = self.conv(x)
        return resampled


class Level(nn.Module):
    """Residual blocks of one resolution, each with its attention, and the way to the next."""

    resnets: nn.ModuleList
    attentions: nn.ModuleList
    downsamplers: nn.ModuleList
    upsamplers: nn.ModuleList

    def __init__(
        self, widths: list[tuple[int, int]], heads: int, shape: UNetShape, way: str
    ) -> None:
        super().__init__()
        if heads:
            self.attentions = nn.ModuleList(
                TextTransformer(after, heads, shape.text, shape.groups)
                for _, after in (widths[:1] if way == "middle" else widths)
            )
        self.resnets = nn.ModuleList(ResnetBlock(*width, shape) for width in widths)
        if way in ("down", "up"):
            sampler = nn.ModuleList([Resampler(widths[-1][1], up=way == "up")])
            setattr(self, "upsamplers" if way == "up" else "downsamplers", sampler)

    def attend(self, number: int, h: Tensor, text: Tensor) -> Tensor:
        """Apply the attention of that number where there is one."""
        attended: Tensor = self.attentions[number](h, text) if hasattr(self, "attentions") else h
        return attended


class TimeEmbedding(nn.Module):
    """Sines and cosines of the timestep through two layers."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(before, after)
        self.linear_2 = nn.Linear(after, after)

    def forward(self, t: Tensor) -> Tensor:
        """Embed timesteps, (B,), as (B, after)."""
        half = self.linear_1.in_features // 2
        steps = torch.arange(half, device=t.device, dtype=torch.float32)
        angles = t.float()[:, None] * torch.exp(-math.log(10_000) / half * steps)
        waves = torch.cat([angles.cos(), angles.sin()], dim=1).to(self.linear_1.weight.dtype)
        embedded: Tensor = self.linear_2(F.silu(self.linear_1(waves)))
        return embedded


class TextPool(nn.Module):
    """One vector for a whole prompt: attention from the mean of its tokens."""

    def __init__(self, width: int, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(1, width) / width**0.5)
        self.k_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Pool tokens, (B, S, width), to (B, width)."""
        mean = x.mean(dim=1, keepdim=True) + self.positional_embedding
        tokens = torch.cat([mean, x], dim=1)
        q = self.q_proj(mean).view(len(x), self.heads, -1)
        k = self.k_proj(tokens).view(len(x), tokens.shape[1], self.heads, -1)
        v = self.v_proj(tokens).view(len(x), tokens.shape[1], self.heads, -1)
        # One query only: sums instead of an attention kernel.
        logits = (q[:, None].float() * k.float()).sum(-1) / math.sqrt(q.shape[-1])
        weights = logits.softmax(dim=1)[..., None]
        pooled: Tensor = (weights * v.float()).sum(dim=1).flatten(1).to(x.dtype)
        return pooled


class TextEmbedding(nn.Module):
    """What the embedding of the timestep gets from the prompt."""

    def __init__(self, text: int, time: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(text)
        self.pool = TextPool(text)
        self.proj = nn.Linear(text, time)
        self.norm2 = nn.LayerNorm(time)

    def forward(self, text: Tensor) -> Tensor:
        """Embed prompts, (B, S, text), as (B, time)."""
        embedded: Tensor = self.norm2(self.proj(self.pool(self.norm1(text))))
        return embedded


class UNet(nn.Module):
    """Predicts noise and variance of pictures of 64 pixels from timestep and text."""

    def __init__(self, shape: UNetShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or UNetShape()
        c = shape.channels
        last = len(c) - 1
        self.conv_in = nn.Conv2d(3, c[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(c[0], shape.time)
        self.add_embedding = TextEmbedding(shape.text, shape.time)
        self.down_blocks = nn.ModuleList(
            Level([(c[max(n - 1, 0)], c[n])], heads, shape, "down" if n < last else "")
            for n, heads in enumerate(shape.heads)
        )
        self.mid_block = Level([(c[-1], c[-1])] * 2, shape.heads[-1], shape, "middle")
        self.up_blocks = nn.ModuleList(
            Level(
                [(c[min(n + 1, last)] + c[n], c[n]), (c[n] + c[max(n - 1, 0)], c[n])],
                shape.heads[n],
                shape,
                "up" if n else "",
            )
            for n in reversed(range(len(c)))
        )
        self.conv_norm_out = nn.GroupNorm(shape.groups, c[0])
        self.conv_out = nn.Conv2d(c[0], 6, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, t: Tensor, text: Tensor) -> Tensor:
        """Predict noise and variance.

        Args:
            x: Noisy pictures, (B, 3, 64, 64).
            t: Timesteps, (B,), 0 to 999.
            text: Embeddings of the prompts, (B, S, text).

        Returns:
            (B, 6, 64, 64): predicted noise, then where the variance lies, about [-1, 1].
        """
        text = text.to(self.conv_in.weight.dtype)
        embedding = F.silu(self.time_embedding(t) + self.add_embedding(text))
        h = self.conv_in(x.to(self.conv_in.weight.dtype))
        skips = [h]
        for level in cast("Iterable[Level]", self.down_blocks):
            h = level.attend(0, level.resnets[0](h, embedding), text)
            skips.append(h)
            if hasattr(level, "downsamplers"):
                h = level.downsamplers[0](h)
                skips.append(h)
        middle = self.mid_block
        h = middle.attend(0, middle.resnets[0](h, embedding), text)
        h = middle.resnets[1](h, embedding)
        for level in cast("Iterable[Level]", self.up_blocks):
            for number, resnet in enumerate(level.resnets):
                h = level.attend(number, resnet(torch.cat([h, skips.pop()], 1), embedding), text)
            if hasattr(level, "upsamplers"):
                h = level.upsamplers[0](h)
        predicted: Tensor = self.conv_out(fused.norm_act(self.conv_norm_out, h, act=True))
        return predicted
