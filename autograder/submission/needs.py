"""Which names a piece of an answer needs from around it, and when; nothing is run for this."""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.submission.names import NOT_PYTHON

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
# Scopes of their own for Python, yet their code runs at once.
_AT_ONCE = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})


@dataclass(frozen=True)
class Needs:
    """Names of a piece of source.

    Attributes:
        now: Names that it needs while it is being defined.
        later: Names that its functions need when they are called.
        bound: Names that its top level binds.
    """

    now: frozenset[str]
    later: frozenset[str]
    bound: frozenset[str]


def needs_of(source: str) -> Needs | None:
    """Finds the names; None where ``source`` is not Python. Builtins are not among the needs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(source, "answer", "exec")
        uses = list(_uses(top, at_once=True))
    except NOT_PYTHON:
        return None
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    outside = BUILTINS | bound
    now = frozenset(name for name, at_once in uses if at_once) - outside
    later = frozenset(name for name, _ in uses) - outside - now
    return Needs(now, later, frozenset(bound))


def _uses(table: symtable.SymbolTable, at_once: bool) -> Iterator[tuple[str, bool]]:
    """Goes through the global names that are used, with whether this is at once."""
    for symbol in table.get_symbols():
        # At the top level every name is global, whatever the table says of it.
        if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module"):
            yield symbol.get_name(), at_once
    for child in table.get_children():
        deferred = child.get_type() == "function" and child.get_name() not in _AT_ONCE
        yield from _uses(child, at_once and not deferred)


def text_of(lines: Sequence[str], node: ast.stmt) -> str:
    """Gives the lines of a top-level statement, with its decorators."""
    return "\n".join(lines[first_line(node) - 1 : node.end_lineno])


def first_line(node: ast.stmt) -> int:
    """Gives the line, from 1, at which a statement begins, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
