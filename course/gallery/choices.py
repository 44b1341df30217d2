"""Prompts, pairs, masks and seeds of the gallery, and how they were chosen."""

from __future__ import annotations

import kit

from .seeds import SEED

GENERIC = "a glossy emoji"
"""The generic prompt."""

PLAY = ("a 3d emoji of a snow-capped mountain", "a 3d emoji of a top hat", "a 3d emoji of a rocket")
"""The miniature's kin of the report's mountain village, man with a hat and rocket ship."""

TARGET = "a 3d emoji of a rocket"
"""What pictures are edited towards."""

SCALES = (0, 1, 3, 5, 7, 9)
"""Guidance scales that are compared."""

SCALES_PROMPTS = (GENERIC, "a 3d emoji of a rocket", "a sketchy emoji of a cat face")

ANAGRAMS = (
    ("a skull", "a birthday cake", SEED),
    ("a rabbit face", "a ghost", SEED),
    ("a mushroom", "a strawberry", SEED),
)

HYBRIDS = (
    ("a panda", "a soccer ball", SEED),
    ("a lion", "a sunflower", SEED),
    ("a rocket", "a pencil", SEED),
)

FILLED = (
    ("draw_house", kit.rectangle_mask(2, 20, 24, 42), GENERIC),
    ("draw_face", kit.rectangle_mask(0, 26, 4, 60), "a face with a cowboy hat"),
    ("chelsea_cat", kit.rectangle_mask(10, 36, 4, 60), "a 3d emoji of sunglasses"),
)

BOOK = {
    "a 3d emoji of": ("a rocket", "a hamburger", "an owl", "a castle"),
}
