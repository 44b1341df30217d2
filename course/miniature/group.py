"""Several processes with a GPU each, started by torchrun; alone, all of this does nothing."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor


def join(device: torch.device) -> None:
    """Join the processes that torchrun started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")


def leave() -> None:
    """Leave the group."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """Number of this process."""
    return dist.get_rank() if dist.is_initialized() else 0


def size() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def average(flat: Tensor) -> None:
    """Average a vector over the processes, in place."""
    if dist.is_initialized():
        dist.all_reduce(flat)
        flat /= dist.get_world_size()


def align(flat: Tensor) -> None:
    """Give all processes the first one's vector."""
    if dist.is_initialized():
        dist.broadcast(flat, 0)


def agree(value: float) -> float:
    """The first process's value."""
    if not dist.is_initialized():
        return value
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    shared = torch.tensor([value], dtype=torch.float64, device=device)
    dist.broadcast(shared, 0)
    return float(shared)
