"""Silence for progress bars and repeated notes, where they would only be in the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quiet_bars() -> Iterator[None]:
    """Hide tqdm's bars while the body runs: a check trains networks that nobody waits for."""
    from tqdm import std

    shown = std.tqdm.__init__

    def silent(bar: std.tqdm[Any], *args: Any, **kwargs: Any) -> None:
        shown(bar, *args, **{**kwargs, "disable": True})

    std.tqdm.__init__ = silent  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        std.tqdm.__init__ = shown  # type: ignore[method-assign]


@contextmanager
def quiet_progress() -> Iterator[None]:
    """Hide progress bars and announcements of future removals while the body runs."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    modules = (diffusers_logging, transformers_logging)
    shown = [module.is_progress_bar_enabled() for module in modules]
    for module in modules:
        module.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            # `torch_dtype` is the name that every supported diffusers knows; the newest warns.
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for module, on in zip(modules, shown, strict=True):
            if on:
                module.enable_progress_bar()
