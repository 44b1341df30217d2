"""The folder of a run: its log, its strips of samples, its checkpoint and its export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from .training import Training

LOG, CHECKPOINT, EXPORT = "log.jsonl", "checkpoint.pt", "model"


class Journal:
    """Writes what a run leaves behind.

    Attributes:
        folder: Where, made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, entry: dict[str, Any], say: Callable[[str], None]) -> None:
        """Add an entry to the log and print it."""
        rounded = {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in entry.items()}
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(rounded) + "\n")
        say("  ".join(f"{key} {value}" for key, value in rounded.items()))

    def keep(self, training: Training) -> None:
        """Write a row of samples, the export and the checkpoint."""
        row = training.strip().add(1).mul(127.5).clamp(0, 255).byte()
        picture = np.concatenate(list(row.permute(0, 2, 3, 1).numpy()), axis=1)
        millions = training.images / 1e6
        Image.fromarray(picture).save(self.folder / f"strip_{millions:07.3f}M.png")
        training.export(self.folder / EXPORT)
        training.save(self.folder / CHECKPOINT)
