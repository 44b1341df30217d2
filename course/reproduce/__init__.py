"""Part B of the report by one command: training, numbers, figures."""

from __future__ import annotations

from .presets import PRESETS, Preset
from .run import ReproduceError, reproduce

__all__ = ["PRESETS", "Preset", "ReproduceError", "reproduce"]
