"""The `course` command: exit status, one-line errors, tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from course.cli import app
from course.table import BEGIN, END
from tests.course.toy import Toy

COMMANDS = ("build", "source", "new", "list", "table")


def course(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_build_and_check(toy: Toy) -> None:
    """A built release is fresh; a changed one is named and gives exit status 1."""
    assert course("build", "--root", toy.root).stdout == "release/ built: 5 files.\n"
    fresh = course("build", "--check", "--root", toy.root)
    assert (fresh.exit_code, fresh.stdout) == (0, "release/ is fresh.\n")
    toy.change("solutions/toy.py", "Doubles a tensor", "Doubles any tensor")
    stale = course("build", "--check", "--root", toy.root)
    assert stale.exit_code == 1
    assert "part_a/part_a.ipynb: differs (cells a1_double)" in stale.stderr
    assert "run `course build`" in stale.stderr


def test_check_writes_nothing(toy: Toy) -> None:
    """A check without a release names all files and makes none."""
    result = course("build", "--check", "--root", toy.root)
    assert result.exit_code == 1
    assert result.stderr.count(": missing\n") == 5
    assert not toy.out.exists()


def test_out(toy: Toy, tmp_path: Path) -> None:
    """The release can go elsewhere."""
    assert course("build", "--root", toy.root, "--out", tmp_path / "x").exit_code == 0
    assert (tmp_path / "x" / "part_a" / "part_a.ipynb").is_file()
    assert not toy.out.exists()


def test_errors_are_lines(toy: Toy) -> None:
    """Problems of manifest and sources are lines on stderr, without a traceback."""
    toy.change("course/exercises.toml", "points = 1\n", "points = 0\n")
    result = course("build", "--root", toy.root)
    assert result.exit_code == 1
    assert result.stderr == "exercises.toml:15: [a1_figure] points is 0: more than 0\n"


def test_no_course(tmp_path: Path) -> None:
    """A folder that is no course is one line as well."""
    result = course("list", "--root", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("exercises.toml:1: cannot be read")


def test_new(toy: Toy) -> None:
    """A new exercise is started and what is left to do is listed."""
    result = course("new", "a2_1_triple", "--root", toy.root)
    assert result.exit_code == 0
    assert re.search(r"^  solutions/toy\.py:\d+$", result.stdout, re.MULTILINE)
    assert course("new", "a2_1_triple", "--root", toy.root).exit_code == 1


def test_list(toy: Toy) -> None:
    """The list shows each exercise and the sums."""
    result = course("list", "--root", toy.root)
    assert "a1_double" in result.stdout
    assert "Part A: 3 exercises, 6.5 points, 3 of them by checks." in result.stdout


def test_table(toy: Toy) -> None:
    """The Markdown table has one row for each exercise."""
    lines = course("table", "--root", toy.root).stdout.splitlines()
    assert lines[2] == "| A 1 | `a1_double` | Doubling | 3 | 2 checks | `double` |"
    assert lines[4] == "| A 1 | `a1_words` | In words | 2.5 | hand (text) |  |"


def test_table_into_a_document(toy: Toy, tmp_path: Path) -> None:
    """The table replaces what stands between the markers, and nothing else."""
    document = tmp_path / "README.md"
    document.write_text(f"# A\n\n{BEGIN}\nold\n{END}\n\nend\n")
    for _ in range(2):
        assert course("table", "--into", document, "--root", toy.root).exit_code == 0
        text = document.read_text("utf-8")
        assert text.startswith(f"# A\n\n{BEGIN}\n\n| Section |")
        assert text.endswith(f"by checks.\n\n{END}\n\nend\n")
        assert "old" not in text


@pytest.mark.parametrize("text", ["", BEGIN + "\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n" * 2])
def test_document_without_its_markers(toy: Toy, tmp_path: Path, text: str) -> None:
    """A document without exactly one pair of markers stays as it is."""
    document = tmp_path / "README.md"
    document.write_text(text)
    result = course("table", "--into", document, "--root", toy.root)
    assert result.exit_code == 1
    assert "README.md:1: needs one line" in result.stderr
    assert document.read_text("utf-8") == text


def test_source(toy: Toy, tmp_path: Path) -> None:
    """The solved notebooks are written once and never over anything."""
    out = tmp_path / "nbgrader"
    assert course("source", out, "--root", toy.root).exit_code == 0
    text = (out / "source" / "part_a" / "part_a.ipynb").read_text("utf-8")
    assert "### BEGIN SOLUTION" in text
    again = course("source", out, "--root", toy.root)
    assert again.exit_code == 1
    assert "is not an empty folder" in again.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    """Each command explains itself without a path of this machine."""
    result = course(command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout) > 200
    assert str(Path.cwd()) not in result.stdout


def test_module_is_the_command() -> None:
    """`python -m course` lists the commands."""
    result = subprocess.run(
        [sys.executable, "-m", "course", "--help"], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0
    assert all(command in result.stdout for command in COMMANDS)


@pytest.mark.parametrize(("command", "role"), [("course", "author"), ("autograder", "grade")])
def test_missing_package(command: str, role: str) -> None:
    """A command that was installed for another role says which packages it needs."""
    block = "import sys, runpy; sys.modules['typer'] = None; "
    code = f"{block}runpy.run_module('{command}', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{command}: the package typer is missing")
    assert done.stderr.endswith(f"pip install 'diffusion-course[{role}]'\n")
    assert done.stderr.count("\n") == 1


def test_missing_nbgrader(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build without the author's packages is one line as well."""
    monkeypatch.setitem(sys.modules, "nbgrader.converters", None)
    monkeypatch.delitem(sys.modules, "course.build.stubs", raising=False)
    result = course("build", "--root", toy.root)
    assert result.exit_code == 1
    assert "pip install 'diffusion-course[author]'" in result.stderr
    assert not toy.out.exists()
