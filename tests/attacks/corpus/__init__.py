"""The attacks, some modules for each class."""

from __future__ import annotations

import importlib
from functools import cache

from ..attack import CLASSES, Attack

MODULES = {kind: (kind,) for kind in CLASSES} | {
    "theft": ("theft", "theft_host"),
    "score": ("score", "score_protocol", "score_notebook"),
    "environment": ("environment", "environment_host", "environment_notebook"),
    "denial": ("denial", "denial_protocol"),
}


@cache
def attacks_of(kind: str) -> tuple[Attack, ...]:
    """The attacks of a class."""
    found: list[Attack] = []
    for name in MODULES[kind]:
        found += importlib.import_module(f"{__name__}.{name}").ATTACKS
    return tuple(found)


def all_attacks() -> tuple[tuple[str, Attack], ...]:
    """Every attack with its class, in the order of the table."""
    return tuple((kind, attack) for kind in CLASSES for attack in attacks_of(kind))
