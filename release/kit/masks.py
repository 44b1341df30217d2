"""Masks for inpainting: 1 where new content goes, 0 where the picture is kept."""

from __future__ import annotations

import torch
from torch import Tensor

from .errors import KitError
from .pictures import SIZE


def rectangle_mask(top: int = 2, bottom: int = 20, left: int = 24, right: int = 42) -> Tensor:
    """Make a mask that is 1 in a rectangle: rows top..bottom-1, columns left..right-1.

    Args:
        top: First row, 0 is the top one.
        bottom: Row after the last, at most 64.
        left: First column.
        right: Column after the last, at most 64.

    Returns:
        Mask, (1, 3, 64, 64), of zeros and ones.

    Raises:
        KitError: If the rectangle is empty or does not fit into 64x64 pixels.
    """
    if not (0 <= top < bottom <= SIZE and 0 <= left < right <= SIZE):
        raise KitError(
            f"rectangle_mask: rows {top}:{bottom} and columns {left}:{right} are no rectangle "
            f"within {SIZE}x{SIZE} pixels"
        )
    mask = torch.zeros(1, 3, SIZE, SIZE)
    mask[:, :, top:bottom, left:right] = 1
    return mask


def disc_mask(row: float = 32, column: float = 32, radius: float = 16) -> Tensor:
    """Make a mask that is 1 in a disc.

    Args:
        row: Row of the centre, 0 to 63.
        column: Column of the centre, 0 to 63.
        radius: Radius in pixels, positive.

    Returns:
        Mask, (1, 3, 64, 64), of zeros and ones.

    Raises:
        KitError: If no pixel lies in the disc.
    """
    rows = torch.arange(SIZE)[:, None]
    columns = torch.arange(SIZE)[None, :]
    inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    if radius <= 0 or not bool(inside.any()):
        raise KitError(f"disc_mask: no pixel within {radius} of ({row}, {column})")
    return inside.float().expand(1, 3, SIZE, SIZE).clone()


def check_mask(mask: Tensor, image: Tensor) -> None:
    """Check that a mask fits an image.

    Args:
        mask: Mask, broadcastable to `image`, of zeros and ones.
        image: Image, (B, 3, 64, 64).

    Raises:
        KitError: If the mask has another size, or values other than 0 and 1.
    """
    sizes = zip(reversed(mask.shape), reversed(image.shape), strict=False)
    if mask.dim() > image.dim() or any(own not in (1, wanted) for own, wanted in sizes):
        raise KitError(
            f"check_mask: a mask of shape {tuple(mask.shape)} does not fit an image of shape "
            f"{tuple(image.shape)}; make it (1, 1, H, W) or (1, 3, H, W) of the same H and W"
        )
    if not bool(((mask == 0) | (mask == 1)).all()):
        raise KitError("check_mask: a mask has only zeros (keep) and ones (new content)")
