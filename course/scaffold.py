"""Starts a new coding exercise: every file and entry that it needs, marked where to fill it in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from course.build.errors import BuildError
from course.build.layout import EXERCISE_FOLDERS, UNFILLED, Layout
from course.manifest import ID_PATTERN, PARTS, Manifest

TABLE = """
[$id]
title = "$fill: a few words"
part = "$part"
section = "$section"
source = "$module:$object"
checks = { shape = 1 }  # $fill: named checks and their points
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

FILES = {
    "checks": '''"""Checks of `$object`.

$fill: the inputs, and where the tolerances come from.
"""

from __future__ import annotations

import torch

from autograder.checking import as_tensor
from autograder.subject import Subject


def test_shape(student: Subject) -> None:
    """$fill: one claim for each check of the manifest."""
    as_tensor(student.call("$object", torch.zeros(1, 3, 64, 64)), (1, 3, 64, 64), "$object(x)")
''',
    "mistakes": '''"""Known mistakes of `$object`."""

from __future__ import annotations

from autograder.bank import Mistake

# $fill: at least four, each a change of the solution with a name, a sentence and a hint.
MISTAKES: tuple[Mistake, ...] = ()
''',
    "variants": '''"""Correct answers of `$object` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

# $fill: at least three.
VARIANTS: tuple[Variant, ...] = ()
''',
}


@dataclass(frozen=True)
class NewExercise:
    """What is known about an exercise before anything is written.

    Attributes:
        id: Its id, not in use yet.
        part: "a" or "b".
        section: Section of the report, such as "A 1.8".
        module: Dotted name of the solution's module.
        object: Name of the function to write.
    """

    id: str
    part: str
    section: str
    module: str
    object: str

    def fill(self, template: str) -> str:
        """A template with this exercise's names in it."""
        return Template(template).substitute(vars(self), fill=UNFILLED)


def propose(manifest: Manifest, exercise_id: str, module: str | None = None) -> NewExercise:
    """Derives part, section, module and object of a new exercise from its id.

    Args:
        manifest: The exercises there are.
        exercise_id: Such as "a1_8_rotation": part, section and name.
        module: Dotted module for the solution; that of the part's last exercise by default.

    Raises:
        BuildError: An id that is in use or not of this form.
    """
    match = re.fullmatch(r"([a-z])(\d+(?:_\d+)*)_([a-z][a-z0-9_]*)", exercise_id)
    if not match or match[1] not in PARTS or not ID_PATTERN.fullmatch(exercise_id):
        raise BuildError(
            f"{exercise_id}: not an id: write part, section and name, such as a1_8_rotation"
        )
    if exercise_id in manifest.exercises:
        line = manifest.exercises[exercise_id].line
        raise BuildError(f"{manifest.path.name}:{line}: [{exercise_id}] exists: take another id")
    coding = [e for e in manifest.of_part(match[1]) if not e.manual]
    last = coding[-1].sources[0].partition(":")[0] if coding else f"solutions.part_{match[1]}"
    section = f"{match[1].upper()} {match[2].replace('_', '.')}"
    return NewExercise(exercise_id, match[1], section, module or last, match[3])


def scaffold(root: Path, exercise_id: str, module: str | None = None) -> list[str]:
    """Writes the entries and files of a new exercise.

    Args:
        root: Folder of the course.
        exercise_id: See `propose`.
        module: See `propose`.

    Returns:
        What there is to fill in, one "file:line" each.

    Raises:
        ManifestError: The manifest has to be mended first.
        BuildError: The id does not fit or something of that name exists; nothing is written.
    """
    layout = Layout(root)
    manifest = layout.load()
    new = propose(manifest, exercise_id, module)
    texts = _new_files(layout, new) | _grown_files(layout, manifest, new)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return [
        f"{layout.show(path)}:{number}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if UNFILLED in line
    ]


def _new_files(layout: Layout, new: NewExercise) -> dict[Path, str]:
    paths = {layout.exercise_file(folder, new.id): folder for folder in EXERCISE_FOLDERS}
    if existing := [layout.show(path) for path in paths if path.exists()]:
        raise BuildError(f"{existing[0]}: exists already: move it away or take another id")
    return {path: new.fill(FILES[folder]) for path, folder in paths.items()}


def _grown_files(layout: Layout, manifest: Manifest, new: NewExercise) -> dict[Path, str]:
    module, part = layout.module(new.module), layout.part(new.part)
    solution = _read(module) or new.fill(MODULE)
    if re.search(rf"^(?:def|class) {new.object}\b", solution, re.MULTILINE):
        raise BuildError(f"{layout.show(module)}: has a {new.object} already: take another id")
    return {
        layout.manifest: _with_table(manifest, new),
        part: _joined(_read(part), new.fill(CELLS)),
        module: _joined(solution, new.fill(SOLUTION)),
    }


def _with_table(manifest: Manifest, new: NewExercise) -> str:
    """The manifest with a table after the last one of the part."""
    lines = manifest.path.read_text(encoding="utf-8").splitlines()
    following = [e.line for e in manifest.exercises.values() if e.part > new.part]
    end = min(following, default=len(lines) + 1) - 1
    # A headline of comments belongs to the table below it.
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "\n".join([*lines[:end], *new.fill(TABLE).rstrip().split("\n"), *lines[end:]]) + "\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _joined(text: str, addition: str) -> str:
    return (text.rstrip("\n") + "\n" + addition) if text else addition.lstrip("\n")
