"""What the trusted side serves to students' code, and the logs that checks read."""

from __future__ import annotations

from .base import CallRefusedError, Served, ServedFunction
from .earlier import Earlier, gaussian_blur
from .module import ModuleCall, ServedModule
from .stage import EMBEDDING, FakeStage, UNetCall, VarianceCall, cosine_tables

__all__ = [
    "EMBEDDING",
    "CallRefusedError",
    "Earlier",
    "FakeStage",
    "ModuleCall",
    "Served",
    "ServedFunction",
    "ServedModule",
    "UNetCall",
    "VarianceCall",
    "cosine_tables",
    "gaussian_blur",
]
