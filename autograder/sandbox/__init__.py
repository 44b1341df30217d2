"""The process boundary around students' code: isolation levels, fork servers, remote answers."""

from __future__ import annotations

from .levels import LEVELS, IsolationError, Level, best_level, detect, require
from .pool import ForkServerError, ForkServerHandle
from .remote import RemoteSubject

__all__ = [
    "LEVELS",
    "ForkServerError",
    "ForkServerHandle",
    "IsolationError",
    "Level",
    "RemoteSubject",
    "best_level",
    "detect",
    "require",
]
