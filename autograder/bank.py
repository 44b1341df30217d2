"""The bank of known answers: solutions, stubs, mistakes and correct variants.

A mistake is the solution with a change in its text, so it stays true to the solution; where the
text to change is gone, building it fails. A variant is a correct answer in another style.
"""

from __future__ import annotations

import ast
import importlib
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course.manifest import Exercise

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer.

    Attributes:
        slug: Its name in results.
        says: What is wrong, one sentence for the student.
        hint: What to think about, one sentence.
        changes: Pairs (text of the solution, what stands there instead). Each text must occur
            in the solution exactly once.
        source: The whole answer, where it is no change of the solution.
    """

    slug: str
    says: str
    hint: str
    changes: tuple[tuple[str, str], ...] = ()
    source: str | None = None


@dataclass(frozen=True)
class Variant:
    """A correct answer that is not written as the solution is; see `Mistake` for the fields."""

    slug: str
    says: str
    changes: tuple[tuple[str, str], ...] = ()
    source: str | None = None


def solution_source(exercise: Exercise) -> str:
    """The solution's objects as a student would hand them in, without markers."""
    parts = [_object_source(source) for source in exercise.sources]
    lines = "\n\n".join(parts).splitlines()
    return "\n".join(line for line in lines if line.strip() not in (BEGIN, END)) + "\n"


def stub_source(exercise: Exercise) -> str:
    """The solution's objects with each region replaced by an error, as in the release."""
    parts = [_object_source(source) for source in exercise.sources]
    kept: list[str] = []
    inside = False
    # An object's text ends at its last statement, before the marker that closes a region there.
    for line in f"\n{END}\n\n".join(parts).splitlines():
        if line.strip() == BEGIN:
            inside = True
            kept.append(line.replace(BEGIN, f'raise NotImplementedError("{exercise.id}")'))
        if not inside and line.strip() != END:
            kept.append(line)
        if line.strip() == END:
            inside = False
    return "\n".join(kept) + "\n"


def mistakes(exercise_id: str) -> tuple[Mistake, ...]:
    """The known mistakes of an exercise (`MISTAKES` of `autograder.mistakes.<id>`)."""
    found: tuple[Mistake, ...] = importlib.import_module(
        f"autograder.mistakes.{exercise_id}"
    ).MISTAKES
    return found


def variants(exercise_id: str) -> tuple[Variant, ...]:
    """The correct variants of an exercise (`VARIANTS` of `autograder.variants.<id>`)."""
    found: tuple[Variant, ...] = importlib.import_module(
        f"autograder.variants.{exercise_id}"
    ).VARIANTS
    return found


def answer_source(exercise: Exercise, known: Mistake | Variant) -> str:
    """The source of a mistake or variant.

    Raises:
        ValueError: A text to change does not occur exactly once.
    """
    if known.source is not None:
        return textwrap.dedent(known.source).strip("\n") + "\n"
    text = solution_source(exercise)
    for old, new in known.changes:
        if text.count(old) != 1:
            count = text.count(old)
            raise ValueError(f"{exercise.id}/{known.slug}: {old!r} occurs {count} times, not once")
        text = text.replace(old, new)
    return text


@cache
def _object_source(source: str) -> str:
    """The text of `package.module:name`, decorators included, by its syntax tree."""
    module, name = source.split(":")
    text = (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise ValueError(f"{source}: no such function or class")
