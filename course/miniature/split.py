"""Which pictograms are never trained on: the same for training, judges and evaluation."""

from __future__ import annotations

import hashlib

HELD_OUT_SHARE = 0.04
"""Share of the pairs of style and name that are held out."""

_TWINS = {"color": "3d"}  # drawn from the same model: one gives the other away


def is_held_out(style: str, name: str) -> bool:
    """Whether the picture of a thing in a style is kept from training.

    Decided by a hash, so that the answer depends neither on the other pictures nor on their order.

    Args:
        style: Style as the captions' file names it: 3d, blob, color, emojitwo, flat, fx, mono, noto
            or twemoji. 3d and color are near twins and go together.
        name: Name of the thing, such as `rocket`.
    """
    pair = f"{_TWINS.get(style, style)}/{name}".encode()
    drawn = int.from_bytes(hashlib.sha256(pair).digest()[:8], "big") / 2**64
    return drawn < HELD_OUT_SHARE
