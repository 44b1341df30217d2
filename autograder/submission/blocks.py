"""Turns code cells into blocks: Python only, with functions that were cut in two put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.submission.magics import python_source
from autograder.submission.names import MAX_SOURCE, Names, names_of, parse
from autograder.submission.notebook import Cell

_MAX_PIECES = 20


@dataclass(frozen=True)
class Block:
    """The Python of one code cell, or of several that were one.

    Attributes:
        numbers: Places of the cells in the notebook, from 1.
        source: The Python text.
        names: What it defines.
        grade_id: nbgrader's id of the first cell; empty where metadata is gone.
        cell_id: The notebook format's id of the first cell.
    """

    numbers: tuple[int, ...]
    source: str
    names: Names
    grade_id: str = ""
    cell_id: str = ""

    @property
    def where(self) -> str:
        """The cells' places in words."""
        label = "cell" if len(self.numbers) == 1 else "cells"
        return f"{label} {' and '.join(map(str, self.numbers))}"


def blocks_of(cells: Iterable[Cell]) -> tuple[list[Block], list[str]]:
    """Makes the blocks of a notebook's code cells, in order.

    Returns:
        The blocks that hold any code, and a line for each repair.
    """
    blocks: list[Block] = []
    repairs: list[str] = []
    for cell in cells:
        if cell.kind != "code":
            continue
        source = python_source(cell.source)
        if not source.strip():
            continue
        if len(source) > MAX_SOURCE:
            repairs.append(f"cell {cell.number} is not read: over {MAX_SOURCE // 1000} kB of code")
            continue
        block = Block((cell.number,), source, names_of(source), cell.grade_id, cell.cell_id)
        joined = _joined(blocks[-1], block) if blocks else None
        if joined is None:
            blocks.append(block)
        else:
            blocks[-1] = joined
            repairs.append(f"{joined.where} are read as one: a function was cut in two")
    return blocks, repairs


def _joined(first: Block, second: Block) -> Block | None:
    """Joins two blocks of which the second starts in the middle of a function, if it does."""
    if not second.names.broken or len(first.numbers) >= _MAX_PIECES:
        return None
    lines = [line for line in second.source.split("\n") if line.strip()]
    same_cell = first.names.broken and bool(first.grade_id) and first.grade_id == second.grade_id
    if not (lines[0][0].isspace() or same_cell):
        return None
    source = f"{first.source}\n{second.source}"
    if parse(source) is None:
        return None
    numbers = first.numbers + second.numbers
    return Block(numbers, source, names_of(source), first.grade_id, first.cell_id)
