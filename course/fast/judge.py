"""A classifier of digits: it says what a sample shows, and its features measure distances."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Judge(nn.Module):
    """A small convolutional network for (N, 1, 28, 28) in [0, 1] to ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_stage(1, 32), *_stage(32, 64), *_stage(64, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.head = nn.Linear(128, 10)

    def features(self, x: Tensor) -> Tensor:
        """Features before the last layer, (N, 128)."""
        found: Tensor = self.body(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (N, 10)."""
        logits: Tensor = self.head(F.dropout(self.features(x), 0.3, self.training))
        return logits


def _stage(inside: int, outside: int) -> tuple[nn.Module, ...]:
    def layer(channels: int) -> tuple[nn.Module, ...]:
        conv = nn.Conv2d(channels, outside, 3, padding=1, bias=False)
        return conv, nn.BatchNorm2d(outside), nn.ReLU()

    return (*layer(inside), *layer(outside), nn.MaxPool2d(2))


def train_judge(
    images: Tensor,
    labels: Tensor,
    num_epochs: int = 8,
    batch_size: int = 256,
    on_epoch: Callable[[int], None] = lambda _epoch: None,
) -> Judge:
    """Trains a judge with small random shifts, one cycle of the learning rate.

    Args:
        images: (N, 1, 28, 28), in [0, 1], on the device to train on.
        labels: (N,).
        num_epochs: Passes over the images.
        batch_size: Pictures a step.
        on_epoch: Called after each epoch with its number from 0.
    """
    judge = Judge().to(images.device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = num_epochs * -(-len(images) // batch_size)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for epoch in range(num_epochs):
        judge.train()
        for indices in torch.randperm(len(images), device=images.device).split(batch_size):
            shift = [int(s) for s in torch.randint(-2, 3, (2,))]
            x = torch.roll(images[indices], shift, (2, 3))
            loss = F.cross_entropy(judge(x), labels[indices], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
        on_epoch(epoch)
    return judge.eval()


@torch.no_grad()
def classify(judge: Judge, images: Tensor, batch_size: int = 1000) -> Tensor:
    """Most likely class of each picture, (N,)."""
    return torch.cat([judge(x).argmax(1) for x in images.split(batch_size)])


@torch.no_grad()
def features_of(judge: Judge, images: Tensor, batch_size: int = 1000) -> Tensor:
    """Features of each picture, (N, 128), float64 on the CPU."""
    return torch.cat([judge.features(x).double().cpu() for x in images.split(batch_size)])


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Distance of two sets of features, each taken as a normal distribution.

    Source: Heusel et al. 2017, equation 6: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).

    Args:
        a: Features, (N, D).
        b: Features, (M, D).
    """
    c1, c2 = torch.cov(a.T), torch.cov(b.T)
    # The trace of (C1 C2)^(1/2) is the sum of the roots of the eigenvalues of C1 C2.
    eigenvalues = torch.linalg.eigvals(c1 @ c2).real.clamp(min=0)
    difference = (a.mean(0) - b.mean(0)).square().sum()
    return float(difference + c1.trace() + c2.trace() - 2 * eigenvalues.sqrt().sum())
