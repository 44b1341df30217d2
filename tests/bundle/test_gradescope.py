"""Gradescope's zip is whole, and what it runs writes a result whatever is handed in."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from autograder.bundle.gradescope_run import collect
from autograder.bundle.packing import write_bundle
from autograder.cli import app
from autograder.sandbox import best_level
from course.manifest import load_manifest
from solutions.training import add_noise
from tests.export.schemas import GRADESCOPE_SCHEMA

jsonschema: Any = pytest.importorskip("jsonschema")

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "release" / "part_b" / "part_b.ipynb"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["bundle", "gradescope", *map(str, arguments)])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "part_b.zip"
    level = os.environ.get("REQUIRE_ISOLATION") or best_level()
    write_bundle(path, "part_b", level, "https://example.org/cpu")
    return path


@pytest.fixture
def container(bundle: Path, tmp_path: Path) -> Path:
    """A folder as Gradescope makes it, with nothing handed in yet."""
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(tmp_path / "source")
    shutil.copy(tmp_path / "source" / "run_autograder", tmp_path)
    (tmp_path / "submission").mkdir()
    (tmp_path / "results").mkdir()
    return tmp_path


def graded(container: Path) -> dict[str, Any]:
    """Runs the bundle's own sources, and gives the results that Gradescope would read."""
    done = subprocess.run(
        ["bash", container / "run_autograder"],
        env={
            "PATH": os.environ["PATH"],
            "AUTOGRADER_ROOT": str(container),
            "AUTOGRADER_PYTHON": sys.executable,
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
    )
    text = (container / "results" / "results.json").read_text("utf-8")
    result: dict[str, Any] = json.loads(text)
    jsonschema.validate(result, GRADESCOPE_SCHEMA)
    assert done.returncode == (1 if result["extra_data"].get("graded") is False else 0), done.stderr
    return result


def solved(path: Path) -> None:
    """Writes the release with one right answer."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["id"] == "b1_2_noise":
            cell["source"] = inspect.getsource(add_noise)
    path.write_text(json.dumps(notebook), "utf-8")


def test_the_zip_holds_the_grader_and_nothing_else(bundle: Path) -> None:
    """Scripts at the top that can be run, every check, no tests, no weights, under 2 MB."""
    with zipfile.ZipFile(bundle) as packed:
        entries = {entry.filename: entry for entry in packed.infolist()}
        told = json.loads(packed.read("bundle.json"))
        lock = packed.read("requirements.lock").decode()
        wanted = packed.read("requirements.txt").decode().split()
        assert packed.read("torch-index.txt") == b"https://example.org/cpu"
    for script in ("setup.sh", "run_autograder"):
        assert entries[script].external_attr >> 16 & 0o111
    coding = [e.id for e in load_manifest().exercises.values() if not e.manual]
    for folder in ("checks", "mistakes"):
        assert {f"autograder/{folder}/{name}.py" for name in coding} <= entries.keys()
    assert told["assignment"] == "part_b"
    assert all(f"\n{name}==" in lock.lower() for name in wanted)
    strange = ("tests", "release", "course/figures", "autograder/demo", ".git")
    assert not [name for name in entries if name.startswith(strange) or "__pycache__" in name]
    assert bundle.stat().st_size < 2_000_000


def test_equal_sources_give_equal_bytes(tmp_path: Path) -> None:
    """Two bundles of one state do not differ, so a changed one tells of a changed grader."""
    for name in ("one.zip", "two.zip"):
        write_bundle(tmp_path / name, "part_a")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_scripts_are_shell(script: str) -> None:
    """Bash can read them to the end."""
    path = ROOT / "autograder" / "bundle" / script
    subprocess.run(["bash", "-n", path], check=True, timeout=60)


def test_a_submission_is_graded_by_the_bundle_alone(container: Path) -> None:
    """The extracted sources suffice: the right answer has its points, the stubs have none."""
    solved(container / "submission" / "part_b.ipynb")
    result = graded(container)
    assert result["score"] == load_manifest().exercises["b1_2_noise"].points
    passed = {test["name"].split(":")[0] for test in result["tests"] if test["score"]}
    assert passed == {"b1_2_noise"}
    assert (
        result["extra_data"]["isolation"]
        == json.loads((container / "source" / "bundle.json").read_text("utf-8"))["isolation"]
    )


def test_whatever_is_handed_in_gets_a_result(container: Path) -> None:
    """No notebook: 0 points and a sentence; a bundle that cannot run: no grade, and why."""
    (container / "submission" / "essay.txt").write_text("My notebook is at home.")
    result = graded(container)
    assert result["score"] == 0
    assert "holds no notebook" in result["output"]
    (container / "source" / "bundle.json").unlink()
    failed = graded(container)
    assert failed["extra_data"] == {"graded": False}
    assert "no grade" in failed["output"]
    assert "Tell your instructor" in failed["output"]


def test_notebooks_are_found_where_students_put_them(tmp_path: Path) -> None:
    """In folders; the one with the assignment's name among several; links stay links."""
    submission = tmp_path / "submission"
    (submission / "work" / "__MACOSX").mkdir(parents=True)
    (submission / "work" / "part_b.ipynb").write_text("mine")
    (submission / "work" / "__MACOSX" / "part_b.ipynb").write_text("not mine")
    (submission / "draft.ipynb").write_text("old")
    collect(submission, tmp_path / "one", "part_b")
    assert {p.name: p.read_text() for p in (tmp_path / "one").iterdir()} == {"part_b.ipynb": "mine"}
    collect(submission, tmp_path / "two", "part_a")
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == ["draft.ipynb", "part_b.ipynb"]
    shutil.rmtree(submission / "work")
    (submission / "draft.ipynb").unlink()
    (submission / "part_b.ipynb").symlink_to("/etc/hostname")
    collect(submission, tmp_path / "three", "part_b")
    assert (tmp_path / "three" / "part_b.ipynb").is_symlink()


def test_refusals(tmp_path: Path) -> None:
    """An existing file is kept; unknown words and an address with shell in it are named."""
    mine = tmp_path / "mine.zip"
    mine.write_text("mine")
    new = tmp_path / "new.zip"
    cases = {
        "exists": ["--out", mine],
        "unknown assignment": ["--out", new, "--assignment", "part_c"],
        "unknown level": ["--out", new, "--isolation", "some"],
        "is no address": ["--out", new, "--torch-index", "https://x/$(touch pwned)"],
    }
    for words, arguments in cases.items():
        done = run(*arguments)
        assert done.exit_code == 2
        assert words in done.stderr
    assert mine.read_text() == "mine"
    assert not new.exists()
    done = run("--out", new)
    assert done.exit_code == 0
    assert "several GB" in done.stderr
