"""Who is in the sample class, and what each of them handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from course.manifest import Exercise

from ..bank import answer_source, mistakes, solution_source, variants
from . import accidents

Answers = Mapping[str, str | None]


@dataclass(frozen=True)
class Person:
    """One student.

    Attributes:
        name: The folder's name.
        parts: Notebooks that were handed in.
        answer: Gives the answer to an exercise, or None to leave the stub as it is.
        spoil: What happened to the notebook on its way: "", "stripped", "split", "broken".
        own: Answers that are written out.
    """

    name: str
    parts: tuple[str, ...]
    answer: Callable[[Exercise], str | None]
    spoil: str = ""
    own: Answers = field(default_factory=dict)

    def source(self, exercise: Exercise) -> str | None:
        """The source in the exercise's cell."""
        return self.own[exercise.id] if exercise.id in self.own else self.answer(exercise)


def _mistake(number: int) -> Callable[[Exercise], str]:
    """A student who makes the n-th known mistake everywhere."""

    def answer(exercise: Exercise) -> str:
        known = mistakes(exercise.id)
        return answer_source(exercise, known[number % len(known)])

    return answer


def _variant(exercise: Exercise) -> str:
    return answer_source(exercise, variants(exercise.id)[0])


def _half(exercise: Exercise) -> str | None:
    early = exercise.section.split()[-1] in ("1.1", "1.2", "1.3", "1.4")
    return solution_source(exercise) if early else None


def _nothing(_: Exercise) -> None:
    return None


BOTH, A, B = ("part_a", "part_b"), ("part_a",), ("part_b",)

CLASS = (
    Person("ada", BOTH, solution_source),
    Person("alan", BOTH, _mistake(0)),
    Person("barbara", BOTH, _variant),
    Person("chien", A, solution_source, own={"a1_1_forward": accidents.CRASH}),
    Person("dennis", A, solution_source, own={"a1_2_classical": accidents.ENDLESS}),
    Person("edsger", BOTH, _nothing),
    Person("frances", BOTH, solution_source, spoil="stripped"),
    Person("grace", A, _mistake(1)),
    Person("hedy", A, solution_source, spoil="split"),
    Person("ivan", A, _half, own={"a1_1_forward": accidents.THIEF}),
    Person("joan", B, _mistake(2)),
    Person("katherine", A, solution_source, own={"a1_6_cfg": accidents.MEMORY}),
    Person("linus", A, solution_source, spoil="broken"),
    Person("margaret", BOTH, _half),
    Person("niklaus", A, solution_source, own={"a1_1_forward": accidents.NOISY}),
    Person("O'Brien, Zoë", B, solution_source),
)
