"""A look at the files of a pipeline's directory before anything is loaded."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from .errors import KitError


def check_layout(directory: Path) -> str | None:
    """Check that a directory holds an `IFPipeline` whose weights are whole.

    Args:
        directory: Folder that should hold `model_index.json` and one folder a component.

    Returns:
        The variant of the weight files: "fp16", or None for files without a variant.

    Raises:
        KitError: If there is no `IFPipeline`, or a weight file is missing or cut short.
    """
    index = directory / "model_index.json"
    try:
        kind = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
    except FileNotFoundError:
        raise KitError(
            f"load_stage_1: {directory} is no IFPipeline (it has no model_index.json); give the "
            "folder that IFPipeline.save_pretrained wrote"
        ) from None
    except (ValueError, AttributeError) as error:
        raise KitError(f"load_stage_1: {index} is not readable JSON; copy it again") from error
    if kind != "IFPipeline":
        raise KitError(f"load_stage_1: {directory} holds a {kind}; the course needs an IFPipeline")
    files = sorted(directory.glob("unet/*.safetensors"))
    if not files:
        raise KitError(
            f"load_stage_1: {directory / 'unet'} has no .safetensors file; copy the directory again"
        )
    for file in sorted(directory.glob("*/*.safetensors")):
        _check_whole(file)
    return "fp16" if any(".fp16." in file.name for file in files) else None


def _check_whole(file: Path) -> None:
    """Compare a file's size with what its header announces (the safetensors format)."""
    size = file.stat().st_size
    wanted = 8
    try:
        with file.open("rb") as stream:
            (header_size,) = struct.unpack("<Q", stream.read(8))
            wanted += header_size
            if wanted <= size:
                header = json.loads(stream.read(header_size))
                header.pop("__metadata__", None)
                wanted += max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KitError(f"load_stage_1: {file} is no safetensors file; copy it again") from error
    if size != wanted:
        raise KitError(
            f"load_stage_1: {file} is damaged: it has {size} bytes and should have {wanted}; "
            "copy or download it again"
        )
