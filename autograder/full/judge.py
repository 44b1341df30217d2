"""The full tier's judge: a small classifier of digits that ships with the grader.

Its last class is for what is no digit: noise, blots, two digits over each other.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

PATH = Path(__file__).with_name("judge.safetensors")
SURE = 0.8
WIDTHS = (12, 32, 32, 64)
NO_DIGIT = 10


def network() -> nn.Sequential:
    """Logits, (N, 11), of pictures (N, 1, 28, 28) in [0, 1]; 32,207 parameters."""
    first, second, third, last = WIDTHS
    return nn.Sequential(
        *_stage(1, first),
        nn.MaxPool2d(2),
        *_stage(first, second),
        *_stage(second, third),
        nn.MaxPool2d(2),
        *_stage(third, last),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(last, NO_DIGIT + 1),
    )


def _stage(inside: int, outside: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
    return conv, nn.BatchNorm2d(outside), nn.ReLU()


@cache
def judge() -> nn.Sequential:
    """The trained classifier; its card lies beside its weights."""
    made = network()
    made.load_state_dict(load_file(PATH))
    return made.eval().requires_grad_(False)


@torch.no_grad()
def read(images: Tensor, batch_size: int = 500) -> tuple[Tensor, Tensor]:
    """What the judge sees on upright pictures.

    Args:
        images: (N, 1, 28, 28); values outside of [0, 1] are clipped.
        batch_size: Pictures at a time.

    Returns:
        Its class of each, (N,), int64, `NO_DIGIT` for none, and its probability, (N,).
    """
    batches = images.float().clamp(0, 1).split(batch_size)
    sure, classes = torch.cat([judge()(x).softmax(1) for x in batches]).max(1)
    return classes, sure
