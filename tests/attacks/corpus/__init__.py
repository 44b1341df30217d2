"""The attacks, a module for each class."""

from __future__ import annotations

import importlib
from functools import cache

from ..attack import CLASSES, Attack


@cache
def attacks_of(kind: str) -> tuple[Attack, ...]:
    """The attacks of a class."""
    found: tuple[Attack, ...] = importlib.import_module(f"{__name__}.{kind}").ATTACKS
    return found


def all_attacks() -> tuple[tuple[str, Attack], ...]:
    """Every attack with its class, in the order of the table."""
    return tuple((kind, attack) for kind in CLASSES for attack in attacks_of(kind))
