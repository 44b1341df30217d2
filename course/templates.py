"""What `course new` writes: the texts of an exercise's files, with gaps for the author.

`$fill` becomes the words that the build refuses. Once they are replaced, each file is whole.
"""

from __future__ import annotations

TABLE = """
[$id]
title = "$fill: a few words"
part = "$part"
section = "$section"
source = "$module:$object"
checks = { shape = 1, values = 2 }  # $fill: named checks and their points
hint = "$fill: one or two sentences for a student who is stuck"
device = "cpu"
"""

CELLS = """
# %% [markdown]
# ## $section: $fill
#
# $fill: the idea, the equation, the exercise, what to look at.

# %% exercise="$id"
"""

SOLUTION = '''

def $object(x: Tensor) -> Tensor:
    """$fill: what it does, with the equation's source.

    Args:
        x: $fill: shape, range.

    Returns:
        $fill: shape, range.
    """
    # $fill: a hint that stays in the students' stub.
    ### BEGIN SOLUTION
    return x  # $fill
    ### END SOLUTION
'''

MODULE = '''"""Exercises of $section: $fill."""

from torch import Tensor
'''

CHECKS = '''"""Checks of `$object(x)`.

$fill: the inputs, and where the tolerances come from.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.subject import Subject

SHAPE = (2, 3, 16, 16)  # $fill


def hidden_input() -> Tensor:
    """$fill: what the answer is judged on, the same in each run."""
    return torch.rand(SHAPE, generator=torch.Generator().manual_seed(1))  # $fill


def test_shape(student: Subject) -> None:
    """$fill: one claim for each check of the manifest."""
    as_tensor(student.call("$object", hidden_input()), SHAPE, "$object(x)")


def test_values(student: Subject) -> None:
    """$fill: what is right, in closed form and not by the solution."""
    x = hidden_input()
    found = as_tensor(student.call("$object", x), SHAPE, "$object(x)")
    wanted = x  # $fill
    expect(close(found, wanted), "$fill: what is wrong, for the student, without hidden values.")


def probe(student: Subject) -> Behaviour:
    """$fill: values in which the known mistakes differ from each other and from the solution."""
    return {"answer": attempt(student.call, "$object", hidden_input())}
'''

MISTAKES = '''"""Known mistakes of `$object`."""

from __future__ import annotations

from autograder.bank import Mistake

# $fill: at least four. A text to change occurs in the solution exactly once.
MISTAKES = (
$entries)
'''

MISTAKE = """    Mistake(
        "$fill $number: a-slug",
        "$fill: what is wrong, one sentence.",
        "$fill: what to think about, one sentence.",
        (("$fill: text of the solution", "$fill: what stands there instead"),),
    ),
"""

VARIANTS = '''"""Correct answers of `$object` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

# $fill: at least three.
VARIANTS = (
$entries)
'''

VARIANT = '''    Variant(
        "$fill $number: a-slug",
        "$fill: how it is written, one sentence.",
        source="""
        def $object(x):
            return x  # $fill
        """,
    ),
'''

VISIBLE = '''"""Visible checks of $section, `$object`: on inputs that anyone may see."""

from __future__ import annotations

from typing import Any

import torch

from .expect import close, tensor
from .registry import visible


@visible("$id", "shape")
def _shape($object: Any) -> None:
    x = torch.rand(1, 3, 8, 8)  # $fill: other inputs than the hidden ones
    tensor($object(x), x.shape)


@visible("$id", "values")
def _values($object: Any) -> None:
    x = torch.ones(1, 3, 8, 8)  # $fill
    wanted = x  # $fill
    close(tensor($object(x), x.shape), wanted, 1e-5, "$fill: what is wrong and where to look")
'''
