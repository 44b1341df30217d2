"""Silence for the progress bars and repeated notes of diffusers and transformers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


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
