"""The build asks by name for what a coding exercise lacks."""

from __future__ import annotations

import pytest

from course.build import BuildError, build
from tests.course.toy import Toy

CHECKS = "autograder/checks/a1_double.py"
MISTAKES = "autograder/mistakes/a1_double.py"
VARIANTS = "autograder/variants/a1_double.py"
REGISTRY = "course/kit/checks/registry.py"


def lacking(toy: Toy) -> str:
    """What the build asks for; nothing is written."""
    with pytest.raises(BuildError) as caught:
        build(toy.root, toy.out)
    assert not toy.out.exists()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "asked"),
    [
        (
            CHECKS,
            "def probe",
            "def other",
            f"{CHECKS}:1: lacks probe(student): without it no known mistake is recognised",
        ),
        (
            CHECKS,
            "def test_shape",
            "def shape",
            f"{CHECKS}:1: lacks test_shape(student), to which exercises.toml:1 gives points",
        ),
        (
            CHECKS,
            "def probe",
            "def test_more(student): ...\n\n\ndef probe",
            f"{CHECKS}:16: test_more has no points: name it in exercises.toml:1",
        ),
        (
            MISTAKES,
            '    Mistake("nothing", "", "", (("(x, x)", "(0, 0)"),)),\n',
            "",
            f"{MISTAKES}:3: 3 mistakes of a1_double: write at least 4",
        ),
        (
            MISTAKES,
            "MISTAKES = (",
            "MISTAKES = tuple(",
            f"{MISTAKES}:3: MISTAKES must be a tuple of Mistake(...), written out",
        ),
        (
            VARIANTS,
            '    Variant("minus", "", (("(x, x)", "(3 * x, -x)"),)),\n',
            "",
            f"{VARIANTS}:3: 2 variants of a1_double: write at least 3",
        ),
        (
            VARIANTS,
            "VARIANTS = [",
            "OTHERS = [",
            f"{VARIANTS}:1: VARIANTS must be a tuple of Variant(...), written out",
        ),
        (
            REGISTRY,
            '@visible("a1_double", "shape")\n',
            "",
            "exercises.toml:1: [a1_double] has no visible check: write one with "
            '@visible("a1_double", "shape") in course/kit/checks/',
        ),
        (
            REGISTRY,
            '@visible("a1_double", "shape")',
            '@visible("a1_double", "form")',
            f"{REGISTRY}:13: visible check 'form' is none of the checks of exercises.toml:1",
        ),
        (
            REGISTRY,
            '    "a1_double": ("double",),\n',
            "",
            f"exercises.toml:1: [a1_double] is not in OBJECTS of {REGISTRY} as it is here: "
            "write \"a1_double\": ('double',)",
        ),
        (MISTAKES, "MISTAKES = (", "MISTAKES = ((", f"{MISTAKES}:3: not valid Python: "),
    ],
    ids=lambda value: value[:24].replace("\n", " ") if isinstance(value, str) else None,
)
def test_gap_is_named(toy: Toy, name: str, old: str, new: str, asked: str) -> None:
    """One line says in which file, and what to write."""
    toy.change(name, old, new)
    found = lacking(toy)
    assert found.startswith(asked)
    assert "\n" not in found


@pytest.mark.parametrize(
    "name", [CHECKS, MISTAKES, REGISTRY, "course/part_a.py", "solutions/toy.py"]
)
def test_other_encoding_is_named(toy: Toy, name: str) -> None:
    """A file that is not UTF-8 is one line with its place, no traceback."""
    toy.path(name).write_bytes(toy.read(name).encode() + "\n# é\n".encode("latin-1"))
    line = toy.path(name).read_bytes().count(b"\n")
    assert lacking(toy) == f"{name}:{line}: not UTF-8 text: save it as UTF-8"
