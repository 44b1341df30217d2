"""What the trusted side serves to students' code, and the logs that checks read."""

from __future__ import annotations

from .base import CallRefusedError, Served, ServedFunction
from .module import ModuleCall, ServedModule
from .stage import EMBEDDING, FakeStage, UNetCall, VarianceCall, cosine_tables

__all__ = [
    "EMBEDDING",
    "CallRefusedError",
    "FakeStage",
    "ModuleCall",
    "Served",
    "ServedFunction",
    "ServedModule",
    "UNetCall",
    "VarianceCall",
    "cosine_tables",
]
