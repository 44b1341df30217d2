"""Where the parts of a course lie, and which files each exercise must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course.build.errors import BuildError
from course.manifest import Manifest, load_manifest

# Folders of the grader in which each coding exercise has a file named after its id.
EXERCISE_FOLDERS = ("checks", "mistakes", "variants")

# Left behind by running or opening things; never part of a release or of a comparison.
SKIPPED = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store", ".pytest_cache"})

UNFILLED = "FILL IN"


@dataclass(frozen=True)
class Layout:
    """Paths of one course, all below its root.

    Attributes:
        root: Folder that holds `course/`, `solutions/` and `autograder/`.
    """

    root: Path

    @property
    def course(self) -> Path:
        """Notebook sources, manifest and kit."""
        return self.root / "course"

    @property
    def manifest(self) -> Path:
        """The list of exercises."""
        return self.course / "exercises.toml"

    @property
    def kit(self) -> Path:
        """The package that students import."""
        return self.course / "kit"

    @property
    def release_files(self) -> Path:
        """Hand-written files that go into the release as they are."""
        return self.course / "release_files"

    @property
    def checks(self) -> Path:
        """Hidden checks."""
        return self.root / "autograder" / "checks"

    def part(self, part: str) -> Path:
        """Notebook source of a part, "a" or "b"."""
        return self.course / f"part_{part}.py"

    def module(self, name: str) -> Path:
        """File of a dotted module of the solutions."""
        return self.root.joinpath(*name.split(".")).with_suffix(".py")

    def exercise_file(self, folder: str, exercise_id: str) -> Path:
        """File of an exercise in one of `EXERCISE_FOLDERS`."""
        return self.root / "autograder" / folder / f"{exercise_id}.py"

    def show(self, path: Path) -> str:
        """A path for messages and listings: below the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def load(self) -> Manifest:
        """Reads the manifest; see `course.manifest.load_manifest`."""
        return load_manifest(self.manifest)


def files_below(folder: Path) -> Iterator[Path]:
    """All files of a folder in a fixed order, without what `SKIPPED` names."""
    for path in sorted(folder.rglob("*")):
        kept = not SKIPPED.intersection(path.relative_to(folder).parts)
        if path.is_file() and kept and path.suffix != ".pyc":
            yield path


def check_files(layout: Layout, manifest: Manifest) -> None:
    """Compares the grader's exercise files with the manifest.

    Raises:
        BuildError: A coding exercise without one of its files, a file of no exercise, or a file
            in which `course new` left something to fill in.
    """
    coding = {e.id: e for e in manifest.exercises.values() if not e.manual}
    problems = []
    for exercise in coding.values():
        paths = [layout.exercise_file(folder, exercise.id) for folder in EXERCISE_FOLDERS]
        if missing := [layout.show(path) for path in paths if not path.is_file()]:
            problems.append(
                f"{manifest.path.name}:{exercise.line}: [{exercise.id}] lacks "
                f"{', '.join(missing)}: write what is missing"
            )
    for folder in EXERCISE_FOLDERS:
        for path in sorted((layout.root / "autograder" / folder).glob("*.py")):
            if path.stem not in coding and not path.name.startswith(("_", "conftest")):
                problems.append(
                    f"{layout.show(path)}:1: belongs to no coding exercise of "
                    f"{manifest.path.name}: rename it, or start its name with _"
                )
    problems += _unfilled(layout)
    if problems:
        raise BuildError(*problems)


def _unfilled(layout: Layout) -> list[str]:
    texts = [layout.manifest, layout.part("a"), layout.part("b")]
    texts += sorted((layout.root / "solutions").glob("*.py"))
    for folder in EXERCISE_FOLDERS:
        texts += sorted((layout.root / "autograder" / folder).glob("*.py"))
    return [
        f"{layout.show(path)}:{number}: left unfilled by `course new`: replace {UNFILLED}"
        for path in texts
        if path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFILLED in line
    ]
