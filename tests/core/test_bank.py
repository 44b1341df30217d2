"""The bank of answers stays true to the solutions."""

from __future__ import annotations

import ast

import pytest

from autograder.bank import Mistake, answer_source, solution_source, stub_source
from course.manifest import Exercise, load_manifest

CODING = [e for e in load_manifest().exercises.values() if not e.manual]


@pytest.fixture
def forward() -> Exercise:
    return load_manifest().exercises["a1_1_forward"]


def mistake(*changes: tuple[str, str], source: str | None = None) -> Mistake:
    return Mistake("slug", "What is wrong.", "What to think of.", changes, source)


def test_a_mistake_is_the_solution_with_its_text_changed(forward: Exercise) -> None:
    changed = answer_source(forward, mistake(("def forward(", "def backward(")))
    assert changed == solution_source(forward).replace("def forward(", "def backward(")


@pytest.mark.parametrize("text", ["no such text", "im"])
def test_a_text_to_change_must_occur_exactly_once(forward: Exercise, text: str) -> None:
    count = solution_source(forward).count(text)
    assert count != 1
    with pytest.raises(ValueError, match=rf"a1_1_forward/slug: .* occurs {count} times"):
        answer_source(forward, mistake((text, "x")))


def test_a_whole_answer_is_taken_as_it_stands(forward: Exercise) -> None:
    source = "\n    def forward(im):\n        return im\n"
    assert answer_source(forward, mistake(source=source)) == "def forward(im):\n    return im\n"


@pytest.mark.parametrize("exercise", CODING, ids=lambda exercise: exercise.id)
def test_solutions_and_stubs_define_the_same_names(exercise: Exercise) -> None:
    names = [source.split(":")[1] for source in exercise.sources]
    for text in (solution_source(exercise), stub_source(exercise)):
        defined = [getattr(node, "name", None) for node in ast.parse(text).body]
        assert defined == names
        assert "SOLUTION" not in text


@pytest.mark.parametrize("exercise", CODING, ids=lambda exercise: exercise.id)
def test_a_stub_says_which_exercise_is_to_be_written(exercise: Exercise) -> None:
    stub = stub_source(exercise)
    assert f'raise NotImplementedError("{exercise.id}")' in stub
    inside = {line.strip() for line in solution_source(exercise).splitlines()}
    assert {line.strip() for line in stub.splitlines()} < inside | {
        f'raise NotImplementedError("{exercise.id}")'
    }
