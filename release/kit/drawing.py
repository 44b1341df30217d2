"""Drawing by hand without a canvas widget: a list of strokes becomes a picture.

The coordinates run from (0, 0), the upper left corner, to (1, 1), the lower right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw

from .errors import KitError

Point = tuple[float, float]

_SMOOTH = 4  # drawn this many times larger, then shrunk, for smooth edges


@dataclass(frozen=True)
class Stroke:
    """One stroke of the pen.

    Attributes:
        points: Points (x, y) that it passes, each in [0, 1].
        colour: A name such as `"red"`, or `"#rrggbb"`.
        width: Width of the pen, as a part of the picture's width; positive.
        fill: Fill the outline that the points make (at least three of them).
    """

    points: Sequence[Point]
    colour: str = "black"
    width: float = 0.03
    fill: bool = False


def drawing(strokes: Sequence[Stroke], size: int = 256, background: str = "white") -> Image.Image:
    """Draw strokes, the later ones over the earlier ones.

    Args:
        strokes: What to draw.
        size: Height and width of the picture in pixels, at least 64.
        background: Colour of the paper.

    Returns:
        RGB picture; `process_pil_im` makes the model's input of it.

    Raises:
        KitError: If there is no stroke, or a stroke cannot be drawn, with its number.
    """
    if not strokes:
        raise KitError("drawing: there is no stroke; give a list of kit.Stroke")
    if size < 64:
        raise KitError(f"drawing: size {size} is too small; give at least 64")
    large = size * _SMOOTH
    image = Image.new("RGB", (large, large), _colour(background, "background"))
    pen = ImageDraw.Draw(image)
    for number, stroke in enumerate(strokes, start=1):
        _draw(pen, stroke, large, f"stroke {number}")
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _draw(pen: ImageDraw.ImageDraw, stroke: Stroke, size: int, name: str) -> None:
    """Draw one stroke with round ends."""
    colour = _colour(stroke.colour, name)
    if not stroke.points or stroke.width <= 0 or (stroke.fill and len(stroke.points) < 3):
        raise KitError(
            f"drawing: {name} needs points, a positive width, and three points to be filled"
        )
    if any(not 0 <= value <= 1 for point in stroke.points for value in point):
        raise KitError(f"drawing: {name} leaves the paper; coordinates are between 0 and 1")
    points = [(x * size, y * size) for x, y in stroke.points]
    if stroke.fill:
        pen.polygon(points, fill=colour)
        return
    width = max(1, round(stroke.width * size))
    pen.line(points, fill=colour, width=width, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)


def _colour(colour: str, name: str) -> tuple[int, ...]:
    try:
        return ImageColor.getrgb(colour)[:3]
    except ValueError:
        raise KitError(
            f"drawing: {name} has the unknown colour {colour!r}; use a name or '#rrggbb'"
        ) from None
