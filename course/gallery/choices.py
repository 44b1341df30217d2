"""Prompts, pairs, masks and seeds of the gallery, and how they were chosen.

Everything here was chosen by eye. Samples of several candidates were looked at, with the seeds
`SEED`, `SEED` + 1, ..., at most eight of them, and what a stranger would name rightly was kept.
`course miniature pairs` searches pairs and seeds by the judges' word. They judged these afterwards,
by the pictures of the figures and among 1,408 names: of the anagrams only the mushroom is named
rightly (0.70), of the hybrids the rabbit (0.79) and the bear (0.84) from afar and nothing from
near; of 40 prompts of the prompt book, 34.
"""

from __future__ import annotations

import kit

from .seeds import SEED

GENERIC = "a 3d emoji"
"""The generic prompt.

Of seven style names without a thing this one taught guidance best: without it, lumps that could
be anything, with it, faces that nobody mistakes, and nearly all alike. Under guidance `a glossy
emoji` gives the same faces, less clear, and soft, flat, simple and sketchy emoji stay vague.
"""

PLAY = ("a 3d emoji of a snow-capped mountain", "a 3d emoji of a top hat", "a 3d emoji of a rocket")
"""The miniature's kin of the report's mountain village, man with a hat and rocket ship."""

TARGET = "a 3d emoji of a rocket"
"""What pictures are edited towards."""

SCALES = (0, 1, 3, 5, 7, 9)
"""Guidance scales that are compared."""

SCALES_PROMPTS = (GENERIC, "a 3d emoji of a rocket", "a cat face on a light blue background")
"""Prompts at these scales: the generic one, one with a style, one with a background."""

ANAGRAMS = (
    ("a skull", "a birthday cake", SEED + 7),
    ("a dress", "a pizza", SEED + 3),
    ("a mushroom", "a strawberry", SEED + 2),
)
"""Upright, upside down, and the best of eight seeds.

The skull's teeth are the cake's candles; six seeds in eight show both. Mushroom and strawberry
share red with white dots, and five seeds work; dress and pizza share a triangle, and three do. With
a rabbit face and a ghost the rabbit won every time.
"""

HYBRIDS = (
    ("a rabbit face", "a tulip", SEED + 2),
    ("a lion", "a sunflower", SEED + 3),
    ("a bear", "a cookie", SEED + 2),
)
"""Far, near, and the best of four to six seeds.

The ears of the rabbit are the petals of the tulip, with every seed; the mane of the lion is made
of petals with four in six. One bear in four has chips of chocolate. With a panda and a soccer ball
or a rocket and a pencil one of the two prompts took all.
"""

FILLED = (
    ("draw_house", kit.rectangle_mask(2, 20, 24, 42), "a 3d emoji"),
    ("draw_face", kit.rectangle_mask(0, 24, 4, 60), "a cowboy hat face"),
    ("draw_tree", kit.disc_mask(25, 31, 20), "a deciduous tree"),
)
"""Picture, mask and prompt of the inpainted figures.

The first row has the mask of the assignment and no thing to ask for; the others say what is wanted.
"""
