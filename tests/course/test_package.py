"""An installation without --editable has every package and every file that the code reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("course", "autograder", "solutions")
# Read from a checkout only: figures of the README, and a cache of the type checker.
LEFT_OUT = ("course/figures/",)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel, built offline from a copy: setuptools leaves folders behind."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-build-isolation", "--no-deps"]
    done = subprocess.run([*command, "-w", "out"], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = (copy / "out").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


@pytest.mark.slow
def test_wheel_has_every_file(wheel: set[str]) -> None:
    """Subpackages, templates, manifest, pictures and weights; the kit under students' name too."""
    wanted = {
        path.relative_to(ROOT).as_posix()
        for name in SHIPPED
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted = {name for name in wanted if not name.startswith(LEFT_OUT)}
    kit = {name.removeprefix("course/") for name in wanted if name.startswith("course/kit/")}
    # The grader reads no weights: they are there once.
    wanted = {name for name in wanted if not name.startswith("course/kit/miniature/")}
    assert sorted((wanted | kit) - wheel) == []


@pytest.mark.slow
def test_wheel_has_nothing_else(wheel: set[str]) -> None:
    """No tests, benchmarks or releases."""
    tops = {name.partition("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {*SHIPPED, "kit"}
