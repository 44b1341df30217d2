"""The configuration of a training run: one TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import MiniatureError
from .muon import Rates
from .scenes import Variety
from .unet import UNetShape

DEFAULT = Path(__file__).with_name("miniature.toml")


@dataclass(frozen=True)
class Run:
    """How a run goes; the file explains each value."""

    batch: int = 512
    hold: float = 0.33
    warmup: int = 100
    variance: float = 0.1
    mode: str = "graph"
    seed: int = 0
    every: float = 60.0
    export: float = 120.0


@dataclass(frozen=True)
class TextSizes:
    """Sizes of the text encoder but for its vocabulary and width."""

    inner: int = 512
    layers: int = 2
    heads: int = 8


@dataclass(frozen=True)
class Config:
    """All of a configuration."""

    unet: UNetShape = field(default_factory=UNetShape)
    text: TextSizes = field(default_factory=TextSizes)
    variety: Variety = field(default_factory=Variety)
    rates: Rates = field(default_factory=Rates)
    run: Run = field(default_factory=Run)


_PARTS: dict[str, Any] = {
    "unet": UNetShape,
    "text": TextSizes,
    "variety": Variety,
    "rates": Rates,
    "run": Run,
}


def load_config(path: Path = DEFAULT) -> Config:
    """Read a configuration; what a file leaves out has its default.

    Raises:
        MiniatureError: If the file is not there, is no TOML, or has keys that nothing reads.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MiniatureError(f"{path} is no readable configuration: {error}") from error
    parts: dict[str, Any] = {}
    for name, part in _PARTS.items():
        values = tables.pop(name, {})
        unknown = set(values) - {entry.name for entry in dataclasses.fields(part)}
        if unknown:
            raise MiniatureError(f"{path}: [{name}] has unknown keys {sorted(unknown)}")
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        parts[name] = part(**lists)
    if tables:
        raise MiniatureError(f"{path}: unknown tables {sorted(tables)}")
    return Config(**parts)
