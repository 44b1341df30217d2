"""A class that was graded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.grading.run import Options, Report, grade_class
from tests.grading.classroom import (
    CRASH,
    ENDLESS,
    FORWARD,
    PRINTS,
    TELLS,
    TIMESTEPS,
    WRONG,
    write_class,
    write_manifest,
)

STUDENTS = {
    "ada": {},
    "bob": {FORWARD: WRONG},
    "carl": {FORWARD: CRASH},
    "dora": {TIMESTEPS: ENDLESS},
    "emil": {FORWARD: "", TIMESTEPS: ""},
    "fred": {FORWARD: TELLS},
    "gina": {FORWARD: PRINTS},
    "O'Hara, Zoë": {FORWARD: "def forward(im, t, alphas_cumprod:\n"},
}


@dataclass(frozen=True)
class Graded:
    """A class and what one run made of it."""

    submitted: Path
    out: Path
    manifest: Path
    report: Report

    def options(self, out: Path, fresh: bool = False) -> Options:
        """The same class into another folder."""
        return Options(self.submitted, out, 2, fresh=fresh, manifest=self.manifest)


@pytest.fixture(scope="package")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class, with two students whose notebooks cannot be read."""
    folder = tmp_path_factory.mktemp("class")
    manifest = write_manifest(folder)
    submitted = write_class(folder / "submitted", STUDENTS, manifest)
    whole = (submitted / "ada" / "part_a" / "part_a.ipynb").read_text(encoding="utf-8")
    for name, files in (("two", ("a.ipynb", "b.ipynb")), ("cut", ("part_a.ipynb",))):
        (submitted / name / "part_a").mkdir(parents=True)
        for file in files:
            (submitted / name / "part_a" / file).write_text(whole[: len(whole) // 2])
    out = folder / "out"
    report = grade_class(Options(submitted, out, 2, manifest=manifest))
    return Graded(submitted, out, manifest, report)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A manifest of two cheap exercises."""
    return write_manifest(tmp_path)
