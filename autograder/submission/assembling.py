"""Puts the answer to one coding exercise together from a notebook's blocks.

Blocks with the exercise's own id come first; names decide where the id is gone, where an answer
was spread over several cells, and where it was written into a new cell and the stub left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.submission.blocks import Block
from autograder.submission.names import without
from course.exercise import Exercise

# The cell with the check bears the exercise's id too, with another ending.
_ENDINGS = ("", "_solution", "_answer")


@dataclass(frozen=True)
class Answer:
    """The answer to a coding exercise.

    Attributes:
        source: Its Python text, or None where there is none.
        repairs: What was put right, one line each.
    """

    source: str | None
    repairs: tuple[str, ...] = ()


def cell_ids(exercise: Exercise) -> frozenset[str]:
    """Gives the ids that a cell with the exercise's answer can bear."""
    return frozenset(exercise.id + ending for ending in _ENDINGS)


def assemble(exercise: Exercise, blocks: Sequence[Block]) -> Answer:
    """Takes the exercise's answer from the blocks of a notebook.

    A whole answer in a block of the exercise's own is preferred, the last one where there are
    several. Otherwise each object is taken from the last block that has it.
    """
    wanted = frozenset(exercise.objects)
    own = _own(exercise, blocks)
    others = [block for block in blocks if block not in own and _touches(block, wanted)]
    whole = [block for block in own if wanted <= block.names.solved | block.names.assigned]
    chosen = whole[-1:] or _providers(exercise.objects, own, others)
    if not chosen:
        return _unsolved(exercise, own, others)
    helpers = [b for b in own if b not in chosen and not b.names.broken and not _touches(b, wanted)]
    parts = sorted([*chosen, *helpers], key=lambda block: block.numbers)
    notes = _notes(exercise, own, others, parts, whole)
    solved = frozenset().union(*(block.names.solved for block in parts))
    sources = [without(block.source, block.names.stubs & solved) for block in parts]
    return Answer("\n\n".join(sources), tuple(f"{exercise.id}: {note}" for note in notes))


def _own(exercise: Exercise, blocks: Iterable[Block]) -> list[Block]:
    ids = cell_ids(exercise)
    tagged = [block for block in blocks if block.grade_id in ids]
    return tagged or [block for block in blocks if not block.grade_id and block.cell_id in ids]


def _touches(block: Block, wanted: frozenset[str]) -> bool:
    names = block.names
    return bool(wanted & (names.solved | names.stubs | names.assigned | names.headers))


def _providers(wanted: Iterable[str], own: list[Block], others: list[Block]) -> list[Block]:
    """Finds for each name the last block that defines it: own blocks first, assignments last."""
    tiers = (
        [(block, block.names.solved) for block in own],
        [(block, block.names.solved) for block in others],
        [(block, block.names.assigned) for block in own],
        [(block, block.names.assigned) for block in others],
    )
    chosen: list[Block] = []
    for name in wanted:
        found = next(
            (b for tier in tiers for b, names in reversed(tier) if name in names),
            None,
        )
        if found is not None and found not in chosen:
            chosen.append(found)
    return chosen


def _unsolved(exercise: Exercise, own: list[Block], others: list[Block]) -> Answer:
    """Keeps broken Python, so that its author learns where it breaks; else nothing is there."""
    broken = [block for block in own or others if block.names.broken]
    if broken:
        return Answer(broken[-1].source)
    strange = [block for block in own if not _touches(block, frozenset(exercise.objects))]
    names = ", ".join(exercise.objects)
    notes = (f"{exercise.id}: {block.where} does not define {names}" for block in strange[-1:])
    return Answer(None, tuple(notes))


def _notes(
    exercise: Exercise,
    own: list[Block],
    others: list[Block],
    parts: list[Block],
    whole: list[Block],
) -> list[str]:
    """Says, for the report, what was not as it was handed out."""
    notes = []
    taken = _places(parts)
    if len(whole) > 1:
        notes.append(f"{len(whole)} whole copies, the last is taken ({taken})")
    elif len(parts) > 1:
        notes.append(f"put together from {taken}")
    elif not own:
        notes.append(f"found by its names in {taken}: the cell's id is gone")
    elif parts[0] not in own:
        notes.append(f"taken from {taken}: the exercise's own cell has no answer")
    left = [b for b in (*own, *others) if b not in parts and b not in whole]
    broken = [b for b in left if b.names.broken]
    if broken:
        notes.append(f"{_places(broken)} left out: not Python")
    again = [b for b in others if b in left and b.names.solved & set(exercise.objects)]
    if again:
        notes.append(f"also defined in {_places(again)}, which is not taken")
    return notes


def _places(blocks: Iterable[Block]) -> str:
    numbers = sorted(number for block in blocks for number in block.numbers)
    shown = ", ".join(map(str, numbers[:8])) + (", …" if len(numbers) > 8 else "")
    return f"cell {shown}" if len(numbers) == 1 else f"cells {shown}"
