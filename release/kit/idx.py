"""The idx files of MNIST: reading them, and saying which one is damaged.

The format is LeCun's: two zero bytes, the type (8 for bytes), the number of dimensions, the
dimensions as big-endian integers, then the data.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .errors import KitError

# The md5 of the original files, as torchvision lists them.
FILES = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


def has_idx_files(folder: Path) -> bool:
    """Say whether a folder holds the four files of MNIST, gzipped."""
    return all((folder / name).is_file() for name in FILES)


def read_pair(folder: Path, *, train: bool) -> tuple[Tensor, Tensor]:
    """Read the images and labels of one part of MNIST.

    Args:
        folder: Folder with the four gzipped idx files.
        train: The 60,000 training digits, else the 10,000 test digits.

    Returns:
        Images, (N, 28, 28), uint8, and labels, (N,), int64.

    Raises:
        KitError: If a file is not the original one, by its md5.
    """
    part = "train" if train else "t10k"
    images = _read(folder / f"{part}-images-idx3-ubyte.gz")
    labels = _read(folder / f"{part}-labels-idx1-ubyte.gz")
    return images, labels.long()


def _read(file: Path) -> Tensor:
    """Read one file after checking its md5."""
    packed = file.read_bytes()
    if hashlib.md5(packed, usedforsecurity=False).hexdigest() != FILES[file.name]:
        raise KitError(
            f"load_digits: {file} is damaged ({len(packed)} bytes, not the original's md5); "
            "delete it and download it again, by download=True"
        )
    try:
        return parse_idx(gzip.decompress(packed))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise KitError(
            f"load_digits: {file} cannot be read; download it again, by download=True"
        ) from error


def parse_idx(data: bytes) -> Tensor:
    """Turn the bytes of an idx file into a uint8 tensor.

    Raises:
        ValueError: If the bytes are no idx file of bytes, or too few or too many.
    """
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise ValueError("not an idx file of bytes")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise ValueError("the header is cut short")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    values = np.frombuffer(data, dtype=np.uint8, offset=start)
    if values.size != np.prod(shape, dtype=np.int64):
        raise ValueError(f"{values.size} values where {shape} are announced")
    return torch.from_numpy(values.reshape(shape).copy())
