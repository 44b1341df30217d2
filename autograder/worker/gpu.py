"""Starts CUDA in a worker; the fork server it came from never does."""

from __future__ import annotations

from typing import Any

import torch


def start(vram_mib: int) -> dict[str, Any]:
    """Makes this process's CUDA context, before any of the student's code runs.

    The share of memory is a courtesy: torch's own allocator then fails with an error that names
    a line. The limit itself is watched from the trusted side.

    Args:
        vram_mib: What torch may allocate, in MiB.

    Returns:
        Name and total memory, in MiB, of the card.
    """
    # The grader compares with values computed in single precision.
    torch.backends.cudnn.allow_tf32 = False
    card = torch.cuda.get_device_properties(0)
    total = card.total_memory / 2**20
    torch.cuda.set_per_process_memory_fraction(min(1.0, vram_mib / total))
    torch.zeros(1, device="cuda")
    return {"name": card.name, "total_mib": int(total)}
