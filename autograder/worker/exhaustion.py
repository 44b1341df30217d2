"""Which limit an exception tells of."""

from __future__ import annotations

import errno

import torch

from .output import OutputLimitError

ERRORS = {
    errno.ENOMEM: "memory",
    errno.EAGAIN: "processes",
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
    errno.EFBIG: "file",
    errno.ENOSPC: "file",
    errno.EDQUOT: "file",
}
# Exactly these: a subclass of an answer's own may do anything when it is looked at.
SYSTEM = (OSError, BlockingIOError)


def exhausted(error: BaseException) -> str | None:
    """The limit behind an error, as `autograder.limits` names it; None for any other error."""
    kind = type(error)  # what a student's exception says of its class may be anything
    if issubclass(kind, OutputLimitError):
        return "output"
    if issubclass(kind, torch.OutOfMemoryError):
        return "vram"
    if issubclass(kind, MemoryError):
        return "memory"
    if kind in SYSTEM:
        assert isinstance(error, OSError)
        return ERRORS.get(error.errno or 0)
    return _plain(str(error)) if kind is RuntimeError else None


def _plain(text: str) -> str | None:
    """Of the errors that Python and torch raise without a class of their own."""
    if "allocate memory" in text:
        return "memory"
    return "processes" if "start new thread" in text else None
