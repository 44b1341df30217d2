"""The digits of Part B: MNIST, or the small set that ships with the course."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from . import paths
from .errors import KitError
from .idx import FILES, has_idx_files, read_pair

ENVIRONMENT = "MNIST_ROOT"
"""Environment variable with the folder of MNIST."""

_TEST_EVERY = 6  # one in six embedded digits is for testing, as MNIST has 60,000 and 10,000


class Digits(Dataset[tuple[Tensor, int]]):
    """Digits in memory.

    Attributes:
        name: What they are, such as "MNIST"; figures should say it.
        images: All digits, (N, 28, 28), uint8.
        labels: Their classes, (N,), int64, 0 to 9.
    """

    def __init__(self, name: str, images: Tensor, labels: Tensor) -> None:
        self.name = name
        self.images = images
        self.labels = labels.long()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return a digit, (1, 28, 28), in [0, 1], and its class."""
        return self.images[index][None].float() / 255, int(self.labels[index])


def load_digits(
    source: str | None = None,
    root: str | Path | None = None,
    train: bool = True,
    *,
    download: bool = False,
) -> Digits:
    """Load the digits to train on.

    Args:
        source: "mnist"; "embedded", for the small set that ships with the course and is not
            MNIST; None, for MNIST if it is found and the embedded set otherwise.
        root: Folder of MNIST, as torchvision makes it or with the four idx files, gzipped.
            Without it, the environment variable MNIST_ROOT and ./data are looked at.
        train: The training digits, else the test digits.
        download: Download MNIST to `root` (or ./data) if it is not there, or a file of it is
            missing or damaged.

    Returns:
        The digits; `dataset[i]` is (x, label) with x (1, 28, 28), in [0, 1].

    Raises:
        KitError: If there are no digits of that source, or a file is damaged.
    """
    if source not in (None, "mnist", "embedded"):
        raise KitError(f"load_digits: unknown source {source!r}; use 'mnist', 'embedded' or None")
    if source == "embedded":
        return _embedded(train)
    for folder in _folders(root):
        try:
            found = _mnist(folder, train)
        except KitError:
            if not download:
                raise
            continue
        if found is not None:
            return found
    if download:
        return _download(_download_folder(root), train)
    if source is None and paths.DIGITS.is_file():
        return _embedded(train)
    looked = ", ".join(str(folder) for folder in _folders(root))
    raise KitError(
        f"load_digits: no MNIST in {looked}; pass download=True once (needs a network), give "
        f"its folder as root or in {ENVIRONMENT}, or take the digits that come with the course: "
        'kit.load_digits(source="embedded")'
    )


def _folders(root: str | Path | None) -> Iterator[Path]:
    """Yield the folders to look at; a folder that was named is the only one."""
    named = root or os.environ.get(ENVIRONMENT)
    if named:
        yield Path(named).expanduser()
        return
    yield Path("data")
    # For those who develop the course: the data beside the repository.
    beside = paths.HERE.parent.parent.parent / "shared" / "data" / "mnist"
    if beside.is_dir():
        yield beside


def _download_folder(root: str | Path | None) -> Path:
    return Path(root or os.environ.get(ENVIRONMENT) or "data").expanduser()


def _mnist(folder: Path, train: bool) -> Digits | None:
    """Read MNIST from a folder, None if it is not there."""
    for place in (folder, folder / "MNIST" / "raw"):
        if has_idx_files(place):
            return Digits("MNIST", *read_pair(place, train=train))
    from torchvision.datasets import MNIST

    try:
        stored = MNIST(str(folder), train=train, download=False)
    except (RuntimeError, OSError, ValueError, AssertionError) as error:
        if "not found" in str(error):
            _refuse_part(folder)
            return None
        raise KitError(
            f"load_digits: MNIST in {folder} is damaged ({type(error).__name__}); delete "
            f"{folder / 'MNIST'}, or pass download=True"
        ) from error
    return Digits("MNIST", stored.data, stored.targets)


def _refuse_part(folder: Path) -> None:
    """Tell which files of MNIST are missing where some are there."""
    for place in (folder, folder / "MNIST" / "raw"):
        missing = sorted(name for name in FILES if not (place / name).is_file())
        if len(missing) < len(FILES):
            raise KitError(
                f"load_digits: {place} holds a part of MNIST only, {', '.join(missing)} missing; "
                "copy them there, or pass download=True"
            )


def _download(folder: Path, train: bool) -> Digits:
    """Download MNIST by torchvision, over what is damaged."""
    from torchvision.datasets import MNIST

    raw = folder / "MNIST" / "raw"
    try:
        for name in FILES:
            # torchvision takes unpacked files as they are; packed ones it checks.
            if name.startswith("train") == train:
                (raw / name.removesuffix(".gz")).unlink(missing_ok=True)
        stored = MNIST(str(folder), train=train, download=True)
    except (RuntimeError, OSError) as error:
        raise KitError(
            f"load_digits: MNIST could not be downloaded to {folder} ({type(error).__name__}); "
            "check the network, copy the four .gz files there by hand, or take the digits that "
            'come with the course: kit.load_digits(source="embedded")'
        ) from error
    return Digits("MNIST", stored.data, stored.targets)


def _embedded(train: bool) -> Digits:
    """Read the digits that ship with the course, saying that they are not MNIST."""
    from safetensors.torch import load_file

    file = paths.DIGITS
    try:
        stored = load_file(file)
        packed, labels = stored["packed"], stored["labels"]
    except FileNotFoundError:
        raise KitError(
            f"load_digits: {file} is not there; install the course again, or use 'mnist'"
        ) from None
    except Exception as error:
        raise KitError(
            f"load_digits: {file} cannot be read ({type(error).__name__}); install the course again"
        ) from error
    if packed.shape[1:] != (28, 14) or packed.dtype != torch.uint8 or len(packed) != len(labels):
        raise KitError(f"load_digits: {file} holds no (N, 28, 14) bytes with N labels")
    # A byte holds two neighbouring pixels of 16 grey levels.
    images = torch.stack([packed // 16, packed % 16], dim=-1).flatten(2) * 17
    test = torch.arange(len(images)) % _TEST_EVERY == _TEST_EVERY - 1
    chosen = ~test if train else test
    name = "embedded digits (not MNIST)"
    warnings.warn(
        f"load_digits: these are the {name}: {int(chosen.sum())} of them, good for trying the "
        "code; losses and samples are not those of MNIST",
        UserWarning,
        stacklevel=3,
    )
    return Digits(name, images[chosen], labels[chosen])
