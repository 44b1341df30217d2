"""Where the parts of a course lie."""

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
    def kit_checks(self) -> Path:
        """Visible checks."""
        return self.kit / "checks"

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

    def text(self, path: Path) -> str:
        """Text of a source file.

        Raises:
            BuildError: It is not UTF-8.
        """
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise BuildError(
                f"{self.show(path)}:{line}: not UTF-8 text: save it as UTF-8"
            ) from error

    def load(self) -> Manifest:
        """Reads the manifest; see `course.manifest.load_manifest`."""
        return load_manifest(self.manifest)


def files_below(folder: Path) -> Iterator[Path]:
    """All files of a folder in a fixed order, without what `SKIPPED` names."""
    for path in sorted(folder.rglob("*")):
        kept = not SKIPPED.intersection(path.relative_to(folder).parts)
        if path.is_file() and kept and path.suffix != ".pyc":
            yield path
