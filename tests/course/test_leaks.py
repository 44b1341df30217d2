"""Nothing hidden reaches a release: planted leaks are found with file, line and origin."""

from __future__ import annotations

import pytest

from course.build import BuildError, build
from course.build.layout import Layout
from course.build.leaks import find_leaks
from tests.course.toy import Toy


@pytest.fixture
def built(toy: Toy) -> Toy:
    """The toy with a clean release."""
    build(toy.root, toy.out)
    return toy


def leaks(toy: Toy) -> list[str]:
    return find_leaks(Layout(toy.root), toy.out)


def test_clean_release(built: Toy) -> None:
    """The toy's own release has no leak."""
    assert leaks(built) == []


def test_solution_line_in_a_file(built: Toy) -> None:
    """One solution line in a released file is enough, however it is indented."""
    built.write("release/kit/extra.py", "x = 1\n\n\t    twice  =  torch.add(x, x)\n")
    assert leaks(built) == ["kit/extra.py:3: hidden text of solutions/toy.py:14"]


def test_solution_line_in_a_notebook(built: Toy) -> None:
    """A solution line that the stub maker left in a cell is found in the file's own line."""
    stub = r"""raise NotImplementedError(\"a1_double\")"""
    name = "release/part_a/part_a.ipynb"
    built.change(name, stub, "return twice.clone().detach()")
    line = 1 + built.read(name).splitlines().index(
        next(text for text in built.read(name).splitlines() if "twice.clone" in text)
    )
    assert leaks(built) == [f"part_a/part_a.ipynb:{line}: hidden text of solutions/toy.py:14"]


def test_check_text(built: Toy) -> None:
    """A line of a hidden check is found in any file."""
    built.write("release/notes.md", "Look:\n\n    secret_output = 7.0\n")
    assert leaks(built) == ["notes.md:3: hidden text of autograder/checks/a1_double.py"]


@pytest.mark.parametrize(
    "line",
    [
        "root = '/home/ada/course'",
        "see /work/main/solutions",
        "open('/tmp/x.txt')",
        '"/Users/ada/notes"',
        "C:\\\\Users\\\\ada",
    ],
)
def test_absolute_path(built: Toy, line: str) -> None:
    """A path of the author's machine is found."""
    built.write("release/kit/extra.py", f"x = 1\n{line}\n")
    (leak,) = leaks(built)
    assert leak.startswith("kit/extra.py:2: absolute path ")


@pytest.mark.parametrize(
    "line",
    ["https://example.org/home/ada", "a/home/b", "../tmp/x", "1/2 + 3/4", "$x/root/2$", "~/work/x"],
)
def test_other_paths_are_fine(built: Toy, line: str) -> None:
    """Addresses, relative paths and fractions are no leak."""
    built.write("release/kit/extra.py", line + "\n")
    assert leaks(built) == []


def test_passage_pasted_into_the_kit(toy: Toy) -> None:
    """A solution that is pasted into a hand-written file stops the build."""
    toy.write(
        "course/kit/helper.py",
        "def f(x):\n    twice = torch.add(x, x)\n    return twice.clone().detach()\n",
    )
    with pytest.raises(
        BuildError, match=r"^release/kit/helper\.py:2: hidden text of solutions/toy"
    ):
        build(toy.root, toy.out)


def test_passage_pasted_into_a_notebook(toy: Toy) -> None:
    """The same in a notebook source."""
    toy.change(
        "course/part_a.py",
        "import kit\n",
        "import kit\ntwice = torch.add(x, x)\nreturn twice.clone().detach()\n",
    )
    with pytest.raises(BuildError, match=r"part_a\.ipynb:\d+: hidden text of solutions/toy\.py:14"):
        build(toy.root, toy.out)


def test_single_common_line_is_allowed(toy: Toy) -> None:
    """One line that the kit shares with a longer solution is a coincidence."""
    toy.write("course/kit/helper.py", "def f(x):\n    twice = torch.add(x, x)\n    return twice\n")
    build(toy.root, toy.out)
    assert (toy.out / "kit" / "helper.py").is_file()


def test_whole_solution_of_one_line(toy: Toy) -> None:
    """A solution of one line is given away by that line."""
    toy.change("solutions/toy.py", "    twice = torch.add(x, x)\n", "")
    toy.change("solutions/toy.py", "twice.clone().detach()", "torch.add(x, x)")
    toy.write("course/kit/helper.py", "def f(x):\n    return torch.add(x, x)\n")
    with pytest.raises(BuildError, match=r"release/kit/helper\.py:2: hidden text"):
        build(toy.root, toy.out)


def test_line_outside_a_region_is_public(built: Toy) -> None:
    """What a stub shows anyway is no leak."""
    built.write("release/kit/extra.py", "def double(x: Tensor) -> Tensor:\n")
    assert leaks(built) == []
