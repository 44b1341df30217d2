"""The outer form of what crosses the trust boundary: limits, and frames of two lengths.

A frame is the magic number, the length of the header, the length of the payload, then both.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import torch

MAGIC = b"DCW1"
PREFIX = struct.Struct("!4sIQ")
MAX_HEADER = 8 * 2**20
MAX_PAYLOAD = 256 * 2**20
MAX_DEPTH = 24
MAX_NODES = 200_000
MAX_DIMS = 8

DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.bool,
    )
}


class WireError(Exception):
    """What arrived is not a frame of this protocol, or a value cannot cross it."""


class TooLargeError(WireError):
    """A value has more bytes than may be sent."""


@dataclass(frozen=True)
class Handle:
    """An object that stays in the worker, by number."""

    number: int


@dataclass(frozen=True)
class Spec:
    """An object that stays on the trusted side: its kind, its number and what a proxy shows."""

    kind: str
    number: int
    data: dict[str, Any] = field(default_factory=dict)


def pack(header: bytes, payload: bytes) -> bytes:
    """One frame, ready to be written."""
    return PREFIX.pack(MAGIC, len(header), len(payload)) + header + payload


def unpack_prefix(prefix: bytes | bytearray, max_payload: int = MAX_PAYLOAD) -> tuple[int, int]:
    """Lengths of header and payload that a frame's first bytes announce."""
    if len(prefix) != PREFIX.size:
        raise WireError("the frame ends before its lengths")
    magic, header, payload = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise WireError("the frame does not begin as one of this protocol")
    if header > MAX_HEADER or payload > max_payload:
        raise WireError(f"the frame announces {header + payload} bytes, more than is allowed")
    return header, payload
