"""The miniature's text encoder: T5, small, with transformers' names of the weights.

`transformers.T5EncoderModel` loads these weights and computes the same (a test compares them).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PAD, END, UNKNOWN = 0, 1, 2
"""The special tokens."""

BUCKETS, FAR = 32, 128


@dataclass(frozen=True)
class TextShape:
    """Sizes of a text encoder.

    Attributes:
        vocabulary: Number of tokens.
        width: Width of the embeddings.
        inner: Width inside the feed-forward layers.
        layers: Number of layers.
        heads: Attention heads, of width / heads channels.
    """

    vocabulary: int
    width: int = 256
    inner: int = 512
    layers: int = 2
    heads: int = 8


class RMSNorm(nn.Module):
    """Scale to a root mean square of one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis."""
        wide = x.float()
        scaled = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6)
        return (scaled * self.weight.float()).to(x.dtype)


class SelfAttention(nn.Module):
    """Attention without scale, as T5's; its first layer holds the position bias of all."""

    def __init__(self, shape: TextShape, *, first: bool) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q, self.k, self.v, self.o = (
            nn.Linear(shape.width, shape.width, bias=False) for _ in range(4)
        )
        if first:
            self.relative_attention_bias = nn.Embedding(BUCKETS, shape.heads)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Attend, (B, S, width), with a bias of the logits, (B, heads, S, S)."""
        q, k, v = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.q, self.k, self.v)
        )
        weights = ((q @ k.transpose(-1, -2)).float() + bias).softmax(-1).to(x.dtype)
        attended: Tensor = self.o((weights @ v).transpose(1, 2).flatten(2))
        return attended


class GatedLayer(nn.Module):
    """Feed-forward layer gated by GELU."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.wi_0 = nn.Linear(shape.width, shape.inner, bias=False)
        self.wi_1 = nn.Linear(shape.width, shape.inner, bias=False)
        self.wo = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, S, width) to itself."""
        fed: Tensor = self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))
        return fed


class TextEncoder(nn.Module):
    """Embeds prompts of words."""

    encoder: Any

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.shape = shape
        self.shared = nn.Embedding(shape.vocabulary, shape.width)
        self.encoder = nn.Module()
        self.encoder.block = nn.ModuleList(_layer(shape, n == 0) for n in range(shape.layers))
        self.encoder.final_layer_norm = RMSNorm(shape.width)
        self._initialise()

    def forward(self, ids: Tensor) -> Tensor:
        """Embed tokens, (B, S), as (B, S, width); nothing attends to padding."""
        x: Tensor = self.shared(ids)
        bias = self._bias(ids)
        for block in self.encoder.block:
            attention, gated = block.layer
            x = x + attention.SelfAttention(attention.layer_norm(x), bias)
            x = x + gated.DenseReluDense(gated.layer_norm(x))
        embedded: Tensor = self.encoder.final_layer_norm(x)
        return embedded

    def _bias(self, ids: Tensor) -> Tensor:
        """What distance and padding add to the logits, (B, heads, S, S)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        distance = places[None] - places[:, None]
        table = self.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight
        bias = F.embedding(_bucket(distance), table).permute(2, 0, 1).float()
        masked = torch.where(ids == PAD, torch.finfo(torch.float32).min, 0.0)
        total: Tensor = bias[None] + masked[:, None, None, :]
        return total

    def _initialise(self) -> None:
        """Start as T5 does: its logits have no scale, so queries start small."""
        shape = self.shape
        scales = {"q": (shape.width * shape.width // shape.heads) ** -0.5, "wo": shape.inner**-0.5}
        for name, weight in self.named_parameters():
            kind = name.split(".")[-2]
            if kind == "shared":
                nn.init.normal_(weight)
            elif weight.dim() == 2:
                nn.init.normal_(weight, std=scales.get(kind, shape.width**-0.5))


def _layer(shape: TextShape, first: bool) -> nn.Module:
    attention, gated, layer = nn.Module(), nn.Module(), nn.Module()
    attention.SelfAttention = SelfAttention(shape, first=first)
    gated.DenseReluDense = GatedLayer(shape)
    attention.layer_norm, gated.layer_norm = RMSNorm(shape.width), RMSNorm(shape.width)
    layer.layer = nn.ModuleList([attention, gated])
    return layer


def _bucket(distance: Tensor) -> Tensor:
    """Number of the bias of a distance: exact up to 7, then logarithmic, two-sided."""
    half = BUCKETS // 2
    exact = half // 2
    far = distance.abs()
    ratio = torch.log(far.clamp(min=1).float() / exact) / math.log(FAR / exact)
    logarithmic = (exact + (ratio * (half - exact)).long()).clamp(max=half - 1)
    side = torch.where(distance > 0, half, 0)
    return side + torch.where(far < exact, far, logarithmic)
