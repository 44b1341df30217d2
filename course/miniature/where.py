"""Where the pictograms lie and what a command runs on."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from .errors import MiniatureError
from .pack import Pack, load_pack

ENVIRONMENT = "PICTOGRAMS"
"""Environment variable with the folder or pack of pictograms."""


def find_pack(path: Path | None) -> Pack:
    """Load the pictograms from a path, or from what the environment names.

    Raises:
        MiniatureError: If there are none.
    """
    chosen = path or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if chosen is None:
        raise MiniatureError(
            f"no pictograms: give --pictograms PATH, or set {ENVIRONMENT}, to their folder or pack"
        )
    return load_pack(chosen)


def choose_device(asked: str | None) -> torch.device:
    """Take the device that is asked for, or the GPU where there is one.

    Raises:
        MiniatureError: If there is no such device.
    """
    if asked not in (None, "cpu", "cuda"):
        raise MiniatureError(f"--device {asked}: there are cpu and cuda")
    if asked == "cuda" and not torch.cuda.is_available():
        raise MiniatureError("--device cuda: no GPU is to be seen here; take --device cpu")
    return torch.device(asked or ("cuda" if torch.cuda.is_available() else "cpu"))
