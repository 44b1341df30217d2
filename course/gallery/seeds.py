"""Noise that belongs to a picture, not to the batch or the device that it is made in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

SEED = 3141592
"""The seed of the report and of the notebook; pictures that differ in luck count up from it."""


class PictureSeeds(TorchFunctionMode):
    """Gives each picture of a batch a random stream of its own while the block runs.

    Every `torch.randn_like` draws from the streams, on the CPU. Picture n is then the one that
    `torch.manual_seed(seeds[n])` and a batch of one give, so that pictures share calls of the
    UNet and yet can be made again one at a time.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self._streams = [torch.Generator().manual_seed(seed) for seed in seeds]

    def noise(self, *shape: int) -> Tensor:
        """Draws noise, (number of seeds, *shape), on the CPU."""
        return torch.cat([torch.randn(1, *shape, generator=stream) for stream in self._streams])

    def __torch_function__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Answers `torch.randn_like` and hands on everything else."""
        if func is torch.randn_like:
            like: Tensor = args[0]
            if len(like) != len(self._streams):
                raise ValueError(f"{len(like)} pictures, but {len(self._streams)} seeds")
            return self.noise(*like.shape[1:]).to(like)
        return func(*args, **(kwargs or {}))
