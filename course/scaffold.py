"""Starts a new coding exercise: every file and entry that it needs, marked where to fill it in."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from course import templates
from course.build.complete import LEAST
from course.build.errors import BuildError
from course.build.layout import EXERCISE_FOLDERS, UNFILLED, Layout
from course.build.sources import PRELUDE
from course.manifest import PARTS, RESERVED_ENDINGS, Exercise, Manifest

FILES = {
    "checks": templates.CHECKS,
    "mistakes": templates.MISTAKES,
    "variants": templates.VARIANTS,
}
ENTRIES = {"mistakes": templates.MISTAKE, "variants": templates.VARIANT}


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

    def fill(self, template: str, **more: str) -> str:
        """A template with this exercise's names in it."""
        return Template(template).substitute(vars(self), fill=UNFILLED, **more)

    def file(self, folder: str) -> str:
        """Text of its file in one of `EXERCISE_FOLDERS`."""
        numbers = range(1, LEAST.get(folder, 0) + 1)
        entries = (self.fill(ENTRIES[folder], number=str(number)) for number in numbers)
        return self.fill(FILES[folder], entries="".join(entries))


def propose(manifest: Manifest, exercise_id: str, module: str | None = None) -> NewExercise:
    """Derives part, section, module and object of a new exercise from its id.

    Args:
        manifest: The exercises there are.
        exercise_id: Such as "a1_8_rotation": part, section and name.
        module: Dotted module for the solution; that of the part's last exercise by default.

    Raises:
        BuildError: An id or function that is in use, an id not of this form, a module that lies
            elsewhere.
    """
    match = re.fullmatch(r"([a-z])(\d+(?:_\d+)*)_([a-z][a-z0-9_]*)", exercise_id)
    if not match or match[1] not in PARTS or exercise_id.endswith(RESERVED_ENDINGS):
        raise BuildError(
            f"{exercise_id}: not an id: write part, section and name, such as a1_8_rotation"
        )
    if exercise_id in manifest.exercises:
        line = manifest.exercises[exercise_id].line
        raise BuildError(f"{manifest.path.name}:{line}: [{exercise_id}] exists: take another id")
    if keyword.iskeyword(match[3]) or match[3] in PRELUDE:
        raise BuildError(f"{exercise_id}: no function can be named {match[3]}: take another id")
    for other in manifest.of_part(match[1]):
        if match[3] in other.objects:
            raise BuildError(
                f"{manifest.path.name}:{other.line}: [{other.id}] has a {match[3]} already: "
                "take another id"
            )
    if module and not re.fullmatch(r"solutions(\.[a-z_][a-z0-9_]*)+", module):
        raise BuildError(f"{module}: not a module of the solutions: write solutions.name")
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
    texts = {layout.exercise_file(f, new.id): new.file(f) for f in EXERCISE_FOLDERS}
    texts[layout.kit_checks / f"{new.id}.py"] = new.fill(templates.VISIBLE)
    if existing := [layout.show(path) for path in texts if path.exists()]:
        raise BuildError(f"{existing[0]}: exists already: move it away or take another id")
    return texts


def _grown_files(layout: Layout, manifest: Manifest, new: NewExercise) -> dict[Path, str]:
    module, part = layout.module(new.module), layout.part(new.part)
    registry = layout.kit_checks / "registry.py"
    solution = _read(module) or new.fill(templates.MODULE)
    if re.search(rf"^(?:def|class) {new.object}\b", solution, re.MULTILINE):
        raise BuildError(f"{layout.show(module)}:1: has a {new.object} already: take another id")
    before = list(_before(manifest, new))
    return {
        layout.manifest: _with_table(manifest, new, before),
        part: _with_cells(_read(part), new, before),
        module: _joined(solution, new.fill(templates.SOLUTION)),
        registry: _with_objects(_read(registry), layout.show(registry), new, before),
    }


def _before(manifest: Manifest, new: NewExercise) -> Iterable[Exercise]:
    """The exercises after which the new one belongs: its part's, up to its own section."""
    for exercise in manifest.exercises.values():
        later = exercise.part == new.part and _order(exercise.section) > _order(new.section)
        if exercise.part > new.part or later:
            return
        yield exercise


def _order(section: str) -> list[int]:
    """What sections are sorted by: "A 1.7.2" comes before "A 1.10"."""
    return [int(number) for number in re.findall(r"\d+", section)]


def _with_table(manifest: Manifest, new: NewExercise, before: list[Exercise]) -> str:
    """The manifest with a table after those of the exercises before it."""
    lines = manifest.path.read_text(encoding="utf-8").splitlines()
    following = [e.line for e in list(manifest.exercises.values())[len(before) :]]
    end = min(following, default=len(lines) + 1) - 1
    # A headline of comments belongs to the table below it.
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    table = new.fill(templates.TABLE).rstrip().split("\n")
    return "\n".join([*lines[:end], *(table if end else table[1:]), *lines[end:]]) + "\n"


def _with_cells(text: str, new: NewExercise, before: list[Exercise]) -> str:
    """The notebook with cells at the end of the section of the exercise before it."""
    ids = [exercise.id for exercise in before if exercise.part == new.part]
    anchor = re.compile(rf'# %% .*"{ids[-1]}"') if ids else None
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if anchor and anchor.match(line)]
    if not starts:
        return _joined(text, new.fill(templates.CELLS))
    heading = re.compile(r"# #{1,2} ")
    for number in range(starts[0] + 1, len(lines) - 1):
        if lines[number].startswith("# %% [markdown]") and heading.match(lines[number + 1]):
            start = "\n".join(lines[:number])
            return (
                f"{_joined(start, new.fill(templates.CELLS))}\n" + "\n".join(lines[number:]) + "\n"
            )
    return _joined(text, new.fill(templates.CELLS))


def _with_objects(text: str, name: str, new: NewExercise, before: list[Exercise]) -> str:
    """The kit's registry with a line in its dictionary `OBJECTS`."""
    found = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
        if isinstance(node.target, ast.Name) and node.target.id == "OBJECTS"
    ]
    if not found:
        raise BuildError(f"{name}:1: has no dictionary OBJECTS: the kit cannot name the exercise")
    ends = {
        key.value: value.end_lineno
        for key, value in zip(found[0].keys, found[0].values, strict=True)
        if isinstance(key, ast.Constant)
    }
    line = next((ends[e.id] for e in reversed(before) if e.id in ends), None) or found[0].lineno
    lines = text.splitlines()
    lines.insert(line, f'    "{new.id}": ("{new.object}",),')
    return "\n".join(lines) + "\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _joined(text: str, addition: str) -> str:
    return (text.rstrip("\n") + "\n" + addition) if text else addition.lstrip("\n")
