"""The pictograms at 64 pixels: read from their folder, or from one file that travels."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .errors import MiniatureError

SIZE = 64
CAPTIONS = "captions.jsonl.gz"
SHEET = "sheet_"
GRADIENTS = ("3d", "color")
ACROSS = 16
"""Pictures in a row, and rows, of a sheet."""

STYLE_WORDS = {
    "3d": "3d emoji",
    "color": "glossy emoji",
    "flat": "flat emoji",
    "noto": "soft emoji",
    "twemoji": "simple emoji",
    "emojitwo": "bold emoji",
    "blob": "blob emoji",
    "fx": "sketchy emoji",
    "mono": "black icon",
}
"""Words of the prompts for each style of drawing."""


@dataclass(frozen=True)
class Pack:
    """Pictograms and what is known of each.

    Attributes:
        rgba: (N, 4, 64, 64), uint8, on the CPU.
        rows: Style, name, group, subgroup and keywords of each, among other things.
    """

    rgba: Tensor
    rows: tuple[dict[str, Any], ...]

    @property
    def styles(self) -> list[str]:
        """Style of each picture, a key of `STYLE_WORDS`."""
        return [row["style"] for row in self.rows]

    @property
    def names(self) -> list[str]:
        """Name of the thing on each picture."""
        return [row["name"] for row in self.rows]


def load_pack(path: Path) -> Pack:
    """Read pictograms from a folder of zip files with `captions.jsonl.gz`, or from a packed zip.

    Raises:
        MiniatureError: If there are none, or a picture is missing or damaged.
    """
    files = sorted(path.glob("*.zip")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise MiniatureError(
            f"{path} has no pictograms: give their folder (zip files and {CAPTIONS}) or a pack"
        )
    try:
        pictures: dict[int, Tensor] = {}
        captions = (path / CAPTIONS).read_bytes() if path.is_dir() else b""
        for file in files:
            with zipfile.ZipFile(file) as archive:
                captions = captions or archive.read(CAPTIONS)
                pictures |= dict(_pictures(archive))
        rows = tuple(json.loads(line) for line in gzip.decompress(captions).splitlines())
        rgba = torch.stack([pictures[row["index"]] for row in rows])
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise MiniatureError(
            f"{path} is no whole set of pictograms ({error}); copy it again"
        ) from (error)
    return Pack(rgba, rows)


def write_pack(pack: Pack, target: Path) -> None:
    """Write pictograms at 64 pixels into one zip, on sheets of 256, by a rename.

    Colours and alpha are rounded to six bits, those of the styles of many gradients to five: by at
    most four in 255, which saves a third of the bytes.

    Args:
        pack: The pictograms, of which row n is number n.
        target: The file.
    """
    partial = target.with_name(target.name + ".part")
    order = sorted(range(len(pack.rows)), key=lambda number: pack.styles[number])
    rows = "\n".join(
        json.dumps({**pack.rows[number], "index": place}, ensure_ascii=False)
        for place, number in enumerate(order)
    )
    bits = torch.tensor([5 if pack.styles[number] in GRADIENTS else 6 for number in order])
    rgba = _rounded(pack.rgba[torch.tensor(order)], bits)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(CAPTIONS, gzip.compress(rows.encode(), mtime=0))
        for number, tiles in enumerate(rgba.split(ACROSS**2)):
            sheet = torch.zeros(ACROSS**2, 4, SIZE, SIZE, dtype=torch.uint8)
            sheet[: len(tiles)] = tiles
            grid = sheet.view(ACROSS, ACROSS, 4, SIZE, SIZE).permute(0, 3, 1, 4, 2)
            image = Image.fromarray(grid.reshape(ACROSS * SIZE, ACROSS * SIZE, 4).numpy())
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", lossless=True, quality=100, method=4)
            archive.writestr(f"{SHEET}{number:03d}.webp", buffer.getvalue())
    partial.replace(target)


def _rounded(rgba: Tensor, bits: Tensor) -> Tensor:
    """Round pictures to bits of their own, (N,)."""
    step = (1 << (8 - bits))[:, None, None, None]
    rounded = ((rgba.int() + step // 2) // step * step).clamp(max=255)
    rounded = torch.where(rgba >= 254, 255, rounded)
    rounded[:, :3] *= rounded[:, 3:] > 0  # what is not seen costs nothing then
    return rounded.to(torch.uint8)


def _pictures(archive: zipfile.ZipFile) -> Iterator[tuple[int, Tensor]]:
    """Pictures of an archive at 64 pixels, by index."""
    for name in archive.namelist():
        if not name.endswith(".webp"):
            continue
        with Image.open(io.BytesIO(archive.read(name))) as image:
            rgba = image.convert("RGBA")
        if not name.startswith(SHEET):
            yield int(Path(name).stem), _tensor(_shrink(rgba))
            continue
        tiles = _tensor(rgba).view(4, ACROSS, SIZE, ACROSS, SIZE).permute(1, 3, 0, 2, 4)
        first = ACROSS**2 * int(Path(name).stem.removeprefix(SHEET))
        yield from enumerate(tiles.reshape(-1, 4, SIZE, SIZE), first)


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def _shrink(image: Image.Image) -> Image.Image:
    """Shrink with colours weighted by alpha, so that no dark rim appears."""
    return image.convert("RGBa").resize((SIZE, SIZE), Image.Resampling.BOX).convert("RGBA")
