"""Digits to train on and to test with, turned in a way that only this run knows.

All pictures of a run are mirrored or turned alike and their classes are renamed, by a secret of
the run. A network that learned here does as well as on upright digits; weights from elsewhere
draw upright digits of other names.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from course.kit.digits import load_digits
from course.kit.errors import KitError

from .errors import FullTierError
from .presets import Preset

QUARTERS, MIRRORED = 4, 2


@dataclass(frozen=True)
class Secret:
    """How a run's digits differ from the data set's.

    Attributes:
        quarters: Quarter turns to the left.
        mirrored: Whether left and right change places first.
        names: The new class of each old one, (10,).
    """

    quarters: int
    mirrored: bool
    names: Tensor

    def turn(self, images: Tensor) -> Tensor:
        """Pictures (..., 28, 28) of the data set as this run shows them."""
        shown = images.flip(-1) if self.mirrored else images
        return shown.rot90(self.quarters, (-2, -1))

    def turn_back(self, images: Tensor) -> Tensor:
        """Pictures of this run as in the data set."""
        upright = images.rot90(-self.quarters, (-2, -1))
        return upright.flip(-1) if self.mirrored else upright


PLAIN = Secret(0, False, torch.arange(10))


@dataclass(frozen=True)
class Digits:
    """What a run trains on and is judged by, turned by its secret.

    Attributes:
        images: Training digits, (N, 28, 28), uint8.
        labels: Their classes, (N,), int64.
        test_images: Test digits, (M, 1, 28, 28), float32, in [0, 1]; they never leave this side.
        test_labels: Their classes, (M,), int64.
    """

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def fresh_secret() -> Secret:
    """A secret that nobody can foresee; never the identity on pictures."""
    chance = torch.Generator().manual_seed(int.from_bytes(os.urandom(7), "big"))
    which = int(torch.randint(1, QUARTERS * MIRRORED, (), generator=chance))
    names = torch.randperm(10, generator=chance)
    return Secret(which % QUARTERS, which >= QUARTERS, names)


def digits_of(preset: Preset, secret: Secret) -> Digits:
    """The preset's digits under a secret.

    Raises:
        FullTierError: The digits are not here.
    """
    images, labels, test_images, test_labels = _load(preset.digits)
    count = preset.train or len(images)
    return Digits(
        secret.turn(images[:count]).contiguous(),
        secret.names[labels[:count]],
        secret.turn(test_images[: preset.test, None]).float() / 255,
        secret.names[test_labels[: preset.test]],
    )


def available(preset: Preset) -> None:
    """Makes sure that a preset's digits are here.

    Raises:
        FullTierError: They are not.
    """
    _load(preset.digits)


@cache
def _load(source: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train, test = load_digits(source, train=True), load_digits(source, train=False)
    except KitError as error:
        message = (
            f"the full tier's digits are not here: {error}; or take --preset reduced, which "
            "needs none"
        )
        raise FullTierError(message) from None
    return train.images, train.labels, test.images, test.labels
