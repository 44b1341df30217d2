"""Test pictures, and the way from a picture to the tensor that the model takes and back."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torchvision.transforms.functional as TF
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from .errors import KitError
from .paths import IMAGES

SIZE = 64
"""Height and width of the model's pictures, in pixels."""

_SMALLEST = 8  # fewer pixels than this show nothing once enlarged


@cache
def _shipped() -> dict[str, str]:
    """Return the file of each shipped picture, by name."""
    rows = json.loads((IMAGES / "licences.json").read_text(encoding="utf-8"))
    return {row["name"]: row["file"] for row in rows}


def picture_names() -> list[str]:
    """Return the names of the pictures that ship with the course (licences.json tells more)."""
    return sorted(_shipped())


def load_image(path_or_name: str | Path) -> Image.Image:
    """Open a picture of the course by its name, or any picture by its path.

    Args:
        path_or_name: A name of `picture_names()`, such as `"astronaut"`, or a file.

    Returns:
        The picture in RGB, of any size; transparent parts become white.

    Raises:
        KitError: If there is no such picture, or the file is none.
    """
    shipped = _shipped().get(str(path_or_name))
    path = IMAGES / shipped if shipped else Path(path_or_name).expanduser()
    try:
        with Image.open(path) as image:
            image.load()
            return _as_rgb(image)
    except FileNotFoundError:
        raise KitError(
            f"load_image: no file {str(path_or_name)!r} and no picture of that name; the course "
            f"has {', '.join(picture_names())}"
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise KitError(
            f"load_image: {path_or_name} cannot be read as a picture; save it as PNG or JPEG"
        ) from error


def _as_rgb(image: Image.Image) -> Image.Image:
    """Convert to RGB, transparent parts on white."""
    if image.mode in ("F", "I", "I;16"):
        raise KitError(
            f"a picture of mode {image.mode} has no agreed range; convert it to 8-bit RGB first"
        )
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def process_pil_im(img: Image.Image) -> Tensor:
    """Turn a picture into the model's input: shorter side to 64, centre cut out, in [-1, 1].

    Args:
        img: Picture of any size from 8 pixels and of any 8-bit mode.

    Returns:
        Tensor, (1, 3, 64, 64), in [-1, 1].

    Raises:
        KitError: If `img` is no PIL picture, is too small, or has a mode without an agreed range.
    """
    if not isinstance(img, Image.Image):
        raise KitError(
            f"process_pil_im: got a {type(img).__name__}, not a PIL picture; open files with "
            "kit.load_image"
        )
    if min(img.size) < _SMALLEST:
        raise KitError(f"process_pil_im: {img.size[0]}x{img.size[1]} pixels are too few to show")
    tensor: Tensor = TF.to_tensor(_as_rgb(img))[None]
    resized = TF.resize(tensor, [SIZE], antialias=True).clamp(0, 1)
    return 2 * TF.center_crop(resized, [SIZE, SIZE]) - 1


def to_display(x: Tensor | NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn the model's pictures into what matplotlib draws.

    Args:
        x: Pictures, (B, C, H, W) or (C, H, W) with C = 1 or 3, in [-1, 1]; what lies outside is
            clipped.

    Returns:
        Array, (B, H, W, C), or (H, W, C) for one picture without or with B = 1, in [0, 1].

    Raises:
        KitError: If the shape is another one, or a value is no number.
    """
    array = torch.as_tensor(x).detach().float().cpu()
    shape = tuple(array.shape)
    if array.dim() not in (3, 4) or array.shape[-3] not in (1, 3):
        raise KitError(f"to_display: shape {shape} is neither (B, 3, H, W) nor (3, H, W)")
    if not bool(torch.isfinite(array).all()):
        raise KitError("to_display: the picture has values that are no numbers (NaN or infinite)")
    shown = (array / 2 + 0.5).clamp(0, 1).movedim(-3, -1)
    if shown.dim() == 4 and len(shown) == 1:
        shown = shown[0]
    return np.asarray(shown.numpy(), dtype=np.float32)
