"""The answers of one notebook: source text for coding exercises, presence for the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.submission.assembling import assemble, cell_ids
from autograder.submission.blocks import blocks_of
from autograder.submission.completing import helpers_of, with_helpers, without_trials
from autograder.submission.needs import needs_of
from autograder.submission.notebook import Cell, read_cells
from autograder.worker.prelude import PRELUDE
from course.exercise import Exercise, Manifest

_PRELUDE_NEEDS = needs_of(PRELUDE)
PRELUDE_NAMES = _PRELUDE_NEEDS.bound if _PRELUDE_NEEDS else frozenset()
# The line that the notebooks and nbgrader leave for an answer; the question stands above it.
_PLACEHOLDER = re.compile(r"your (?:answer|code) here", re.IGNORECASE)
# What is no answer in Markdown.
_NO_ANSWER = re.compile(r"<!--[\s\S]*?-->|^[ \t]*#.*$", re.MULTILINE)
_LINKED_PICTURE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\s]|<img\s", re.IGNORECASE)
_MAX_TEXT = 20_000


@dataclass(frozen=True)
class ManualAnswer:
    """What is there to grade by hand.

    Attributes:
        present: Whether what the exercise asks for is there: a picture, or words.
        pictures: Number of pictures in the exercise's cells.
        text: Words of the exercise's Markdown cells, at most 20,000 characters.
        found: Whether the exercise's cell was found at all.
    """

    present: bool
    pictures: int = 0
    text: str = ""
    found: bool = True


@dataclass(frozen=True)
class Answers:
    """Everything that is taken from a notebook.

    Attributes:
        sources: For each coding exercise of the part, in order, its Python text or None.
        manual: For each exercise graded by hand, in order, what is there.
        repairs: What was put right, one line each.
    """

    sources: Mapping[str, str | None]
    manual: Mapping[str, ManualAnswer]
    repairs: tuple[str, ...] = ()


def read_answers(notebook_path: Path, manifest: Manifest, part: str) -> Answers:
    """Reads a notebook's answers; nothing of it is run.

    Args:
        notebook_path: The ``.ipynb`` file.
        manifest: The course's exercises.
        part: ``a`` or ``b``; the assignments' names ``part_a`` and ``part_b`` will do.

    Raises:
        SubmissionError: The file cannot be read as a notebook.
    """
    cells = read_cells(notebook_path)
    exercises = manifest.of_part(part.removeprefix("part_"))
    blocks, repairs = blocks_of(cells)
    known = PRELUDE_NAMES | {name for e in manifest.exercises.values() for name in e.objects}
    helpers = helpers_of(blocks)
    sources: dict[str, str | None] = {}
    manual: dict[str, ManualAnswer] = {}
    for exercise in exercises:
        if exercise.manual:
            manual[exercise.id] = _manual_answer(exercise, cells)
            continue
        answer = assemble(exercise, blocks)
        sources[exercise.id] = answer.source
        repairs.extend(answer.repairs)
        if answer.source is not None:
            source, trials = without_trials(answer.source, known, exercise.objects)
            sources[exercise.id], brought = with_helpers(source, known, helpers)
            repairs.extend(f"{exercise.id}: {note}" for note in (*trials, *brought))
    return Answers(sources, manual, tuple(repairs))


def _manual_answer(exercise: Exercise, cells: Sequence[Cell]) -> ManualAnswer:
    own = _cells_of(exercise, cells)
    linked = sum(
        len(_LINKED_PICTURE.findall(c.source[:_MAX_TEXT])) for c in own if c.kind == "markdown"
    )
    pictures = sum(cell.pictures for cell in own) + linked
    text = "\n\n".join(cell.source for cell in own if cell.kind == "markdown")[:_MAX_TEXT]
    words = re.search(r"\w", _NO_ANSWER.sub("", _PLACEHOLDER.split(text)[-1]))
    present = bool(words) if exercise.kind == "text" else pictures > 0
    return ManualAnswer(present, pictures, text.strip(), found=bool(own))


def _cells_of(exercise: Exercise, cells: Sequence[Cell]) -> list[Cell]:
    """Finds the exercise's cells, and untagged code cells right behind them.

    A plot is often drawn in a cell that the student put behind the one that asks for it.
    """
    ids = cell_ids(exercise)
    tagged = [i for i, cell in enumerate(cells) if cell.grade_id in ids]
    if not tagged:
        tagged = [i for i, c in enumerate(cells) if not c.grade_id and c.cell_id in ids]
    if not tagged:
        mention = re.compile(rf"(?<!\w){re.escape(exercise.id)}(?!\w)")
        tagged = [i for i, c in enumerate(cells) if not c.grade_id and mention.search(c.source)]
    found = dict.fromkeys(tagged)
    for i in tagged:
        for j in range(i + 1, len(cells)):
            if cells[j].grade_id or cells[j].kind != "code" or j in found:
                break
            found[j] = None
    return [cells[i] for i in sorted(found)]
