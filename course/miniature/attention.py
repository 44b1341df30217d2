"""Attention to the picture itself and to the prompt, with diffusers' names of the weights."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from . import fused


class Attention(nn.Module):
    """Attention of tokens to themselves or to others, in several heads."""

    def __init__(self, width: int, other: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(other, width, bias=False)
        self.to_v = nn.Linear(other, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """Attend from tokens, (B, S, width), to others, (B, T, other)."""
        q, k, v = (
            project(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project, tokens in ((self.to_q, x), (self.to_k, other), (self.to_v, other))
        )
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = self.to_out[0](attended)
        return out


class Gate(nn.Module):
    """A linear layer whose one half gates the other by GELU."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., width) to (..., inner)."""
        return fused.gate(self.proj(x))


class FeedForward(nn.Module):
    """A gated layer four times as wide, and the way back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # Number 1 is diffusers' dropout, which has no weights.
        self.net = nn.ModuleList(
            [Gate(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., width) to itself."""
        for layer in self.net:
            x = layer(x)
        return x


class Block(nn.Module):
    """Self-attention, attention to the prompt, and a feed-forward layer."""

    def __init__(self, width: int, heads: int, text: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = Attention(width, text, heads)
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(width)

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        """Map tokens, (B, S, width), to themselves."""
        normed = self.norm1(x)
        x = x + self.attn1(normed, normed)
        x = x + self.attn2(self.norm2(x), text)
        fed: Tensor = x + self.ff(self.norm3(x))
        return fed


class TextTransformer(nn.Module):
    """A transformer block over the pixels of a picture that also attends to a prompt."""

    def __init__(self, width: int, heads: int, text: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.proj_in = nn.Linear(width, width)
        self.transformer_blocks = nn.ModuleList([Block(width, heads, text)])
        self.proj_out = nn.Linear(width, width)

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        """Transform pictures, (B, width, H, W), given prompts, (B, T, text)."""
        tokens = fused.norm_act(self.norm, x, act=False).permute(0, 2, 3, 1)
        tokens = self.proj_in(tokens.flatten(1, 2))
        for block in self.transformer_blocks:
            tokens = block(tokens, text)
        back: Tensor = self.proj_out(tokens).unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)
        return x + back
