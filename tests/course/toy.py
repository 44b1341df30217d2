"""A toy course of five cells, written into a temporary folder and changed by the tests."""

from __future__ import annotations

from pathlib import Path

MANIFEST = """\
[a1_double]
title = "Doubling"
part = "a"
section = "A 1"
source = "solutions.toy:double"
checks = { shape = 1, values = 2 }
hint = "Two times the number."
device = "cpu"

[a1_figure]
title = "A picture"
part = "a"
section = "A 1"
manual = true
points = 1
rubric = ["A line is shown.", "It has a label."]
kind = "figure"
device = "cpu"

[a1_words]
title = "In words"
part = "a"
section = "A 1"
manual = true
points = 2.5
rubric = ["Says why."]
kind = "text"
device = "cpu"
"""

PART_A = """\
# %% [markdown]
# # Toys
# Doubling is adding twice.

# %%
import torch
from torch import Tensor

import kit

# %% exercise="a1_double"

# %% manual="a1_figure"
# Show the line of your function.
kit.show([double(torch.ones(1)) for _ in range(3)])

# %% [markdown] manual="a1_words"
# *Why is it a line?*
"""

SOLUTION = '''\
"""The toy's solution."""

import torch
from torch import Tensor


def double(x: Tensor) -> Tensor:
    """Doubles a tensor.

    Args:
        x: Any numbers, (N,).
    """
    # Addition is enough.
    ### BEGIN SOLUTION
    twice = torch.add(x, x)
    return twice.clone().detach()
    ### END SOLUTION
'''

CHECK = '''\
"""Checks of the toy."""


def test_values(student):
    """Two secret numbers."""
    secret_input = 3.5
    secret_output = 7.0
    assert student.call("double", secret_input) == secret_output


def test_shape(student):
    """One number stays one."""
    student.call("double", 1.0)


def probe(student):
    """One value."""
    return {"answer": student.call("double", 2.0)}
'''

REGISTRY = '''\
"""The toy's visible checks."""

OBJECTS: dict[str, tuple[str, ...]] = {
    "a1_double": ("double",),
}


def visible(exercise, name):
    """Registers nothing."""
    return lambda function: function


@visible("a1_double", "shape")
def shape(double):
    """Calls it."""
    double(1)
'''

MISTAKES = '''\
"""Mistakes of the toy."""

MISTAKES = (
    Mistake("thrice", "", "", (("(x, x)", "(x, 2 * x)"),)),
    Mistake("once", "", "", (("(x, x)", "(x, 0)"),)),
    Mistake("nothing", "", "", (("(x, x)", "(0, 0)"),)),
    Mistake("negative", "", "", (("(x, x)", "(-x, -x)"),)),
)
'''

VARIANTS = '''\
"""Variants of the toy."""

VARIANTS = [
    Variant("times", "", (("(x, x)", "(2 * x, 0)"),)),
    Variant("minus", "", (("(x, x)", "(3 * x, -x)"),)),
    Variant("halves", "", (("(x, x)", "(x / 2, 1.5 * x)"),)),
]
'''

KIT = '''\
"""The toy's kit."""

import torch


def show(values):
    """Shows numbers."""
    print(*values)


def check(key, function):
    """Calls the function once."""
    function(torch.ones(3))
    print(key, "is fine")
'''

FILES = {
    "course/exercises.toml": MANIFEST,
    "course/part_a.py": PART_A,
    "course/kit/__init__.py": KIT,
    "course/kit/checks/registry.py": REGISTRY,
    "course/kit/data/line.txt": "0 1 2\n",
    "course/release_files/README.md": "# Toys\n",
    "solutions/__init__.py": "",
    "solutions/toy.py": SOLUTION,
    "autograder/checks/a1_double.py": CHECK,
    "autograder/mistakes/a1_double.py": MISTAKES,
    "autograder/variants/a1_double.py": VARIANTS,
}


class Toy:
    """The toy course below a root folder.

    Attributes:
        root: The folder.
        out: Where its release goes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "release"
        for name, text in FILES.items():
            self.write(name, text)

    def path(self, name: str) -> Path:
        """A file below the root."""
        return self.root / name

    def read(self, name: str) -> str:
        """Text of a file below the root."""
        return self.path(name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Writes a file below the root."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replaces a text that occurs in a file exactly once."""
        text = self.read(name)
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def snapshot(self) -> dict[str, bytes]:
        """Every file of the release."""
        files = (path for path in self.out.rglob("*") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in files}
