"""`course new`: everything is written, and nothing unfilled is published."""

from __future__ import annotations

import pytest

from course.build import BuildError, build
from course.build.layout import UNFILLED
from course.manifest import load_manifest
from course.scaffold import scaffold
from tests.course.toy import Toy

TOUCHED = [
    "autograder/checks/a2_1_triple.py",
    "autograder/mistakes/a2_1_triple.py",
    "autograder/variants/a2_1_triple.py",
    "course/kit/checks/a2_1_triple.py",
    "course/exercises.toml",
    "course/part_a.py",
    "solutions/toy.py",
]


def fill(toy: Toy) -> None:
    """Fills in everything that was left open, with some words."""
    for name in TOUCHED:
        toy.write(name, toy.read(name).replace(UNFILLED, "filled"))


def test_everything_is_started(toy: Toy) -> None:
    """One call writes the entry, the cells, the solution and the grader's files."""
    places = scaffold(toy.root, "a2_1_triple")
    assert list(dict.fromkeys(place.partition(":")[0] for place in places)) == TOUCHED
    exercise = load_manifest(toy.path("course/exercises.toml")).exercises["a2_1_triple"]
    assert (exercise.part, exercise.section) == ("a", "A 2.1")
    assert exercise.sources == ("solutions.toy:triple",)


def test_unfilled_is_refused(toy: Toy) -> None:
    """The build names each line that is left to fill in."""
    places = scaffold(toy.root, "a2_1_triple")
    with pytest.raises(BuildError) as caught:
        build(toy.root, toy.out)
    refused = [problem.partition(": ")[0] for problem in caught.value.problems]
    assert sorted(refused) == sorted(places)
    assert all("left unfilled by `course new`" in problem for problem in caught.value.problems)


def test_filled_is_built(toy: Toy) -> None:
    """Once filled in, the new exercise is in the release, after the old ones."""
    scaffold(toy.root, "a2_1_triple")
    fill(toy)
    build(toy.root, toy.out)
    text = (toy.out / "part_a" / "part_a.ipynb").read_text("utf-8")
    assert r"kit.check(\"a2_1_triple\", triple)" in text
    assert r"raise NotImplementedError(\"a2_1_triple\")" in text
    assert text.index("a1_words") < text.index("a2_1_triple")


def test_table_goes_to_the_end_of_its_part(toy: Toy) -> None:
    """The entry stands before the next part's headline."""
    toy.write(
        "course/exercises.toml",
        toy.read("course/exercises.toml")
        + "\n# ---- Part B\n\n"
        + toy.read("course/exercises.toml").replace("[a1_", "[b1_").replace('"a"', '"b"'),
    )
    scaffold(toy.root, "a2_1_triple")
    text = toy.read("course/exercises.toml")
    assert text.index("[a1_words]") < text.index("[a2_1_triple]") < text.index("# ---- Part B")
    assert list(load_manifest(toy.path("course/exercises.toml")).exercises)[3] == "a2_1_triple"


def test_new_module(toy: Toy) -> None:
    """A module that does not exist yet is started as well."""
    scaffold(toy.root, "a2_1_triple", "solutions.more")
    text = toy.read("solutions/more.py")
    assert text.startswith('"""Exercises of A 2.1')
    assert text.count("### BEGIN SOLUTION") == text.count("### END SOLUTION") == 1


@pytest.mark.parametrize(
    ("exercise_id", "words"),
    [
        ("a1_double", r"^exercises\.toml:1: \[a1_double\] exists"),
        ("triple", "^triple: not an id"),
        ("c1_triple", "^c1_triple: not an id"),
        ("a2_1_", "^a2_1_: not an id"),
        ("a2_1_lambda", "^a2_1_lambda: no function can be named lambda"),
        ("a2_1_torch", "^a2_1_torch: no function can be named torch"),
        ("a2_1_figure_check", "^a2_1_figure_check: not an id"),
        ("a2.1_triple", r"^a2\.1_triple: not an id"),
        ("a2_double", r"^exercises\.toml:1: \[a1_double\] has a double already"),
    ],
)
def test_bad_id(toy: Toy, exercise_id: str, words: str) -> None:
    """An id that is taken or not of the form is refused, and nothing is written."""
    before = {path: path.read_bytes() for path in toy.root.rglob("*") if path.is_file()}
    with pytest.raises(BuildError, match=words):
        scaffold(toy.root, exercise_id)
    assert before == {p: p.read_bytes() for p in toy.root.rglob("*") if p.is_file()}


def test_taken_name_of_the_module(toy: Toy) -> None:
    """A helper of the solution's module is not doubled."""
    toy.write("solutions/toy.py", toy.read("solutions/toy.py") + "\n\ndef triple() -> None: ...\n")
    with pytest.raises(BuildError, match=r"^solutions/toy\.py:1: has a triple already"):
        scaffold(toy.root, "a2_1_triple")


@pytest.mark.parametrize("module", ["os.path", "solutions", "solutions/toy", "solutions..toy"])
def test_module_elsewhere(toy: Toy, module: str) -> None:
    """A solution lies in solutions/ and nowhere else."""
    with pytest.raises(BuildError, match=r": not a module of the solutions: write solutions\.name"):
        scaffold(toy.root, "a2_1_triple", module)


def test_entries_go_to_their_section(toy: Toy) -> None:
    """An exercise of section 1 comes before those of section 2, in all three lists."""
    for exercise_id in ("a2_1_triple", "a10_four", "a1_five"):
        scaffold(toy.root, exercise_id)
    order = ["a1_double", "a1_five", "a2_1_triple", "a10_four"]
    for name in ("course/exercises.toml", "course/part_a.py", "course/kit/checks/registry.py"):
        text = toy.read(name)
        places = [text.index(f'"{e}"' if "toml" not in name else f"[{e}]") for e in order]
        assert places == sorted(places), name


def test_existing_file_is_kept(toy: Toy) -> None:
    """A file that is there already is never overwritten."""
    toy.write("autograder/checks/a2_1_triple.py", "precious = 1\n")
    with pytest.raises(BuildError, match=r"^autograder/checks/a2_1_triple\.py: exists already"):
        scaffold(toy.root, "a2_1_triple")
    assert toy.read("autograder/checks/a2_1_triple.py") == "precious = 1\n"
    assert "a2_1_triple" not in toy.read("course/exercises.toml")
