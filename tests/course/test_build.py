"""The toy course's release: golden bytes, atomic, fresh or named as stale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course.build import BuildError, build, differences, solved_notebooks
from tests.course.toy import Toy

GOLDEN = Path(__file__).parent / "goldens" / "part_a.ipynb.golden"


def problems(toy: Toy) -> str:
    """What the build complains about."""
    with pytest.raises(BuildError) as caught:
        build(toy.root, toy.out)
    assert not toy.out.exists()
    return str(caught.value)


def test_golden(toy: Toy) -> None:
    """The release is, byte for byte, the one that was reviewed."""
    files = build(toy.root, toy.out)
    assert [path.as_posix() for path in files] == [
        "README.md",
        "kit/__init__.py",
        "kit/checks/registry.py",
        "kit/data/line.txt",
        "part_a/part_a.ipynb",
    ]
    assert (toy.out / "part_a" / "part_a.ipynb").read_bytes() == GOLDEN.read_bytes()


def test_golden_is_what_a_student_needs() -> None:
    """The golden has a stub that names its exercise, one check line, prompts and rubrics."""
    cells = {cell["id"]: cell for cell in json.loads(GOLDEN.read_text("utf-8"))["cells"]}
    text = {key: "".join(cell["source"]) for key, cell in cells.items()}
    assert list(cells) == [
        "part_a-1",
        "part_a-2",
        "a1_double",
        "a1_double_check",
        "a1_figure_rubric",
        "a1_figure",
        "a1_words_rubric",
        "a1_words",
    ]
    assert text["a1_double"].endswith(
        "    # Addition is enough.\n"
        "    # YOUR CODE HERE\n"
        '    raise NotImplementedError("a1_double")'
    )
    assert text["a1_double_check"] == 'kit.check("a1_double", double)'
    assert text["a1_figure"].startswith("# Show the line")
    assert text["a1_words"] == "*Why is it a line?*"
    assert "2.5 points" in text["a1_words_rubric"]
    assert cells["a1_double_check"]["metadata"]["nbgrader"]["points"] == 3
    assert cells["a1_double"]["metadata"]["nbgrader"]["grade_id"] == "a1_double"
    # nbgrader gives 0 unseen where a checksum is unchanged: not to a figure's provided code.
    checksums = [key for key in cells if "checksum" in cells[key]["metadata"].get("nbgrader", {})]
    assert checksums == ["a1_double", "a1_double_check", "a1_words"]


def test_build_is_deterministic(toy: Toy) -> None:
    """Building twice gives the same bytes, over an earlier release as well."""
    build(toy.root, toy.out)
    first = toy.snapshot()
    build(toy.root, toy.out)
    assert toy.snapshot() == first
    assert differences(toy.root, toy.out) == []
    assert [p.name for p in toy.root.iterdir() if p.name.startswith(".")] == []


def test_solved_notebook_keeps_the_solution(toy: Toy) -> None:
    """The source notebook has the solution in it, with its markers."""
    cells = {cell["id"]: cell.source for cell in solved_notebooks(toy.root)["part_a"].cells}
    assert "twice = torch.add(x, x)" in cells["a1_double"]
    assert cells["a1_double"].endswith("    ### END SOLUTION")


def test_docstring_change_is_named(toy: Toy) -> None:
    """A changed docstring makes the release stale, and the cell is named."""
    build(toy.root, toy.out)
    toy.change("solutions/toy.py", "Any numbers, (N,).", "Any numbers, (N, M).")
    assert differences(toy.root, toy.out) == ["part_a/part_a.ipynb: differs (cells a1_double)"]


def test_change_inside_a_region_leaves_the_release(toy: Toy) -> None:
    """Another solution gives the same release."""
    build(toy.root, toy.out)
    toy.change("solutions/toy.py", "torch.add(x, x)", "torch.mul(x, 2)")
    assert differences(toy.root, toy.out) == []


def test_differences_name_missing_extra_and_changed_files(toy: Toy) -> None:
    """Each file that is not what the sources give has its line; caches are left alone."""
    build(toy.root, toy.out)
    (toy.out / "README.md").unlink()
    (toy.out / "notes.txt").write_text("x")
    (toy.out / "kit" / "__init__.py").write_text("x = 1\n")
    (toy.out / "kit" / "__pycache__").mkdir()
    (toy.out / "kit" / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert differences(toy.root, toy.out) == [
        "README.md: missing",
        "kit/__init__.py: differs",
        "notes.txt: extra, the sources do not give it",
    ]


@pytest.mark.parametrize("text", ["{}", "no json", '{"cells": [3]}'])
def test_broken_notebook_is_named(toy: Toy, text: str) -> None:
    """A damaged notebook in the release is a difference, not a crash."""
    build(toy.root, toy.out)
    (toy.out / "part_a" / "part_a.ipynb").write_text(text)
    assert differences(toy.root, toy.out) == [
        "part_a/part_a.ipynb: differs (it is not a readable notebook)"
    ]


def test_failed_build_leaves_the_release(toy: Toy) -> None:
    """A build that stops changes nothing."""
    build(toy.root, toy.out)
    before = toy.snapshot()
    toy.change("solutions/toy.py", "### BEGIN", "### BEGN")
    with pytest.raises(BuildError, match=r"solutions/toy\.py:14: "):
        build(toy.root, toy.out)
    assert toy.snapshot() == before
    assert [p.name for p in toy.root.iterdir() if p.name.startswith(".")] == []


def test_foreign_folder_is_not_overwritten(toy: Toy) -> None:
    """A folder that is no release stays as it is."""
    toy.out.mkdir()
    (toy.out / "thesis.txt").write_text("years of work")
    with pytest.raises(BuildError, match="is not empty and not a release"):
        build(toy.root, toy.out)
    assert toy.snapshot() == {"thesis.txt": b"years of work"}


SOURCES = "solutions/toy.py"
PART = "course/part_a.py"
REFUSED = {
    "no-cell": (
        PART,
        '# %% exercise="a1_double"\n',
        "",
        "exercises.toml:1: [a1_double] has no cell",
    ),
    "unknown-cell": (PART, "a1_figure", "a1_figur", "course/part_a.py:13: a1_figur is not in"),
    "misspelt-key": (PART, "exercise=", "excercise=", "course/part_a.py:11: a cell header holds"),
    "wrong-sort": (
        PART,
        'exercise="a1_double"',
        'manual="a1_double"\n# text',
        'course/part_a.py:11: write exercise="a1_double"',
    ),
    "two-cells": (
        PART,
        '# %% exercise="a1_double"\n',
        '# %% exercise="a1_double"\n\n# %% exercise="a1_double"\n',
        "course/part_a.py:11: a1_double has 2 cells",
    ),
    "filled-exercise-cell": (
        PART,
        'exercise="a1_double"\n',
        'exercise="a1_double"\nx = 1\n',
        "course/part_a.py:11: the cell of a1_double is an empty code cell",
    ),
    "empty-manual-cell": (PART, "# *Why is it a line?*\n", "", "course/part_a.py:17: a cell is"),
    "solution-in-notebook": (
        PART,
        "import kit\n",
        "### BEGIN SOLUTION\nimport kit\n### END SOLUTION\n",
        "course/part_a.py:9: a solution outside solutions/",
    ),
    "missing-module": (
        "course/exercises.toml",
        "solutions.toy:",
        "solutions.boy:",
        "exercises.toml:1: [a1_double] source file solutions/boy.py does not exist",
    ),
    "missing-object": (SOURCES, "def double", "def treble", "source object double is not in"),
    "not-python": (SOURCES, "def double", "def def", "solutions/toy.py:7: not valid Python"),
    "no-region": (
        SOURCES,
        "    ### BEGIN SOLUTION\n    twice = torch.add(x, x)\n"
        "    return twice.clone().detach()\n    ### END SOLUTION\n",
        "    return x + x\n",
        "solutions/toy.py:7: double has no solution region",
    ),
    "unknown-helper": (
        SOURCES,
        "import torch\n",
        "import torch\nimport os as twice\n",
        "double uses twice, which the notebook of part a does not have",
    ),
    "broken-stub": (
        SOURCES,
        "    return twice.clone().detach()\n    ### END SOLUTION\n",
        "    ### END SOLUTION\n    return '''\n    ### BEGIN SOLUTION\n    '''\n",
        "solutions/toy.py:",
    ),
}


@pytest.mark.parametrize(("name", "old", "new", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(toy: Toy, name: str, old: str, new: str, words: str) -> None:
    """What does not fit together stops the build, with file and line."""
    toy.change(name, old, new)
    assert words in problems(toy)


@pytest.mark.parametrize("folder", ["checks", "mistakes", "variants"])
def test_exercise_files(toy: Toy, folder: str) -> None:
    """An exercise without its files, and files without an exercise, are both named."""
    toy.path(f"autograder/{folder}/a1_double.py").rename(
        toy.path(f"autograder/{folder}/a1_treble.py")
    )
    assert problems(toy).splitlines() == [
        f"exercises.toml:1: [a1_double] lacks autograder/{folder}/a1_double.py: "
        "write what is missing",
        f"autograder/{folder}/a1_treble.py:1: belongs to no coding exercise of exercises.toml: "
        "rename it, or start its name with _",
    ]


@pytest.mark.parametrize("line", ["import kit", "# Show the line of your function."])
def test_broken_cell(toy: Toy, line: str) -> None:
    """Provided code that is not Python is named where it stands."""
    number = toy.read(PART).splitlines().index(line) + 2
    toy.change(PART, line, f"{line}\nprint((1)")
    assert problems(toy) == f"{PART}:{number}: not valid Python: '(' was never closed"


def test_missing_parts(toy: Toy) -> None:
    """A missing notebook source or kit is one clear line."""
    toy.path("course/part_a.py").rename(toy.path("course/elsewhere.py"))
    assert problems(toy) == "course/part_a.py:1: this notebook source is missing"
    toy.path("course/elsewhere.py").rename(toy.path("course/part_a.py"))
    toy.path("course/kit").rename(toy.path("course/kitchen"))
    assert problems(toy) == "course/kit:1: this folder is missing"


def test_region_in_hand_graded_cell(toy: Toy) -> None:
    """A hand-graded cell may hold a solution of its own, which becomes a stub."""
    toy.change(
        PART,
        "kit.show([double(torch.ones(1)) for _ in range(3)])",
        "### BEGIN SOLUTION\nkit.show([double(torch.ones(1)) for _ in range(3)])\n### END SOLUTION",
    )
    build(toy.root, toy.out)
    text = (toy.out / "part_a" / "part_a.ipynb").read_text("utf-8")
    assert "kit.show" not in text
    assert r"NotImplementedError(\"a1_figure\")" in text
