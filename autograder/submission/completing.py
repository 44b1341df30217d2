"""Makes an answer stand alone: without trials below it, with helpers from other cells.

Students try their function in the cell that defines it, on pictures that only the notebook has,
and put a helper into a cell of its own. Neither makes the answer wrong. So a statement that needs
a name that no answer has is left out, since it could only fail; and a function, class or import
that the answer needs is brought along. Values of the notebook are not: what an exercise needs
comes in as an argument.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from autograder.submission.blocks import Block
from autograder.submission.names import is_stub, parse
from autograder.submission.needs import Needs, first_line, needs_of, text_of

_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEFINITIONS = (*_CODE, ast.Import, ast.ImportFrom)
_MAX_HELPERS = 40
# No answer has more; a cell of thousands would only cost time.
_MAX_STATEMENTS = 500


@dataclass(frozen=True)
class Helper:
    """A function, class or import of another cell."""

    source: str
    where: str


def helpers_of(blocks: Iterable[Block]) -> dict[str, Helper]:
    """Finds every function, class and import of a notebook by name; the last one counts."""
    found: dict[str, Helper] = {}
    for block in blocks:
        tree, lines = parse(block.source), block.source.split("\n")
        for node in tree.body if tree else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.asname or a.name.partition(".")[0] for a in node.names]
                found.update(dict.fromkeys(names, Helper(ast.unparse(node), block.where)))
            elif isinstance(node, _CODE) and not is_stub(node):
                found[node.name] = Helper(text_of(lines, node), block.where)
    return found


def without_trials(
    source: str, known: Collection[str], wanted: Collection[str]
) -> tuple[str, list[str]]:
    """Leaves out each statement that needs at once a name that is not there.

    Args:
        source: An answer.
        known: Names that every answer has around it.
        wanted: The exercise's objects: what binds one is never left out.

    Returns:
        The answer, its lines where they were, and a note if anything was left out.
    """
    tree = parse(source)
    if tree is None or len(tree.body) > _MAX_STATEMENTS or any(map(_has_star, tree.body)):
        return source, []
    there = {*known, *(getattr(node, "name", "") for node in tree.body)}
    given = source.split("\n")
    dropped: list[int] = []
    absent: set[str] = set()
    lines = list(given)
    shared = _shared_lines(tree.body)
    for node in tree.body:
        needs = needs_of(text_of(given, node))
        if needs is None:
            continue
        missing = needs.now - there
        keep = isinstance(node, _DEFINITIONS) or first_line(node) in shared
        if keep or not missing or needs.bound & {*wanted}:
            there |= needs.bound
            continue
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        lines[first:last] = ["pass", *[""] * (last - first - 1)]
        dropped.append(node.lineno)
        absent |= missing
    return "\n".join(lines), _left_out(dropped, absent)


def _has_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _left_out(lines: list[int], names: set[str]) -> list[str]:
    """Says in one note what was left out and why."""
    if not lines:
        return []
    label = "line" if len(lines) == 1 else "lines"
    shown = ", ".join(map(str, lines[:5])) + (", …" if len(lines) > 5 else "")
    missing = ", ".join(sorted(names)[:3]) + (", …" if len(names) > 3 else "")
    return [f"{label} {shown} left out: an answer has no {missing}"]


def _shared_lines(body: list[ast.stmt]) -> set[int]:
    """Finds the lines at which two statements meet, as in ``x = 1; y = 2``."""
    starts = [first_line(node) for node in body[1:]]
    ends = [node.end_lineno for node in body[:-1]]
    shared = {start for start, end in zip(starts, ends, strict=True) if start == end}
    return shared | {first_line(n) for n in body if n.end_lineno in shared}


def with_helpers(
    source: str, known: Collection[str], helpers: Mapping[str, Helper]
) -> tuple[str, list[str]]:
    """Brings along what the answer needs from other cells, and what that needs in turn.

    What is needed at once goes before the answer; the rest goes behind it, where it leaves the
    answer's line numbers as they are.
    """
    before: list[str] = []
    behind: list[str] = []
    notes: list[str] = []
    needs = needs_of(source)
    have = {*known, *(needs.bound if needs else ())}
    waiting = _in_order(needs, at_once=False)
    while waiting and len(notes) < _MAX_HELPERS:
        name, at_once = waiting.pop(0)
        if name in have or name not in helpers:
            continue
        have.add(name)
        helper = helpers[name]
        (before if at_once else behind).append(helper.source)
        notes.append(f"takes {name} along from {helper.where}")
        waiting += _in_order(needs_of(helper.source), at_once)
    return "\n\n".join([*reversed(before), source, *behind]), notes


def _in_order(needs: Needs | None, at_once: bool) -> list[tuple[str, bool]]:
    """Lists the names with whether each is needed before what needs it."""
    if needs is None:
        return []
    return [(n, True) for n in sorted(needs.now)] + [(n, at_once) for n in sorted(needs.later)]
