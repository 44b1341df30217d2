"""Finds, in the syntax tree alone, what a cell defines and whether it is still the stub."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_SOURCE = 100_000

_DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
# Null bytes, or nesting beyond what the parser's stack allows, among others.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, SystemError)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Names:
    """What the top level of a cell defines.

    Attributes:
        solved: Functions and classes with a body of their own.
        stubs: Functions and classes that only raise ``NotImplementedError``.
        assigned: Names that are assigned.
        broken: Whether the source is not Python; its names are then found by their headers and
            stand in none of the other sets.
        headers: Names of the function and class headers of broken source.
    """

    solved: frozenset[str] = field(default_factory=frozenset)
    stubs: frozenset[str] = field(default_factory=frozenset)
    assigned: frozenset[str] = field(default_factory=frozenset)
    broken: bool = False
    headers: frozenset[str] = field(default_factory=frozenset)


def parse(source: str) -> ast.Module | None:
    """Parses ``source``; None where it is not Python, or larger than an answer can be."""
    if len(source) > MAX_SOURCE:
        return None
    try:
        return _quietly_parsed(source)
    except NOT_PYTHON:
        return None


def error_line(source: str) -> int | None:
    """Gives the line, from 1, at which ``source`` stops being Python; None where it never does."""
    if len(source) > MAX_SOURCE:
        return 1
    try:
        _quietly_parsed(source)
    except SyntaxError as error:
        return min(max(error.lineno or 1, 1), source.count("\n") + 1)
    except NOT_PYTHON:
        return 1
    return None


def _quietly_parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def names_of(source: str) -> Names:
    """Finds what ``source`` defines at its top level."""
    tree = parse(source)
    if tree is not None:
        try:
            return _names_in(tree)
        except RecursionError:
            # The parser allows a longer chain of elif than a walk through it does.
            pass
    return Names(broken=True, headers=frozenset(_DEFINITION.findall(source[:MAX_SOURCE])))


def _names_in(tree: ast.Module) -> Names:
    solved: set[str] = set()
    stubs: set[str] = set()
    assigned: set[str] = set()
    for node in _flat(tree.body):
        if isinstance(node, _Function | ast.ClassDef):
            # The last definition of a name is the one that counts, as when the cell runs.
            this, other = (stubs, solved) if is_stub(node) else (solved, stubs)
            this.add(node.name)
            other.discard(node.name)
        else:
            assigned.update(_targets(node))
    return Names(frozenset(solved), frozenset(stubs), frozenset(assigned - solved - stubs))


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Goes through what runs at the top level, inside ``if``, ``with`` and ``try`` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.With | ast.Try):
            yield from _flat(node.body)
            yield from _flat(getattr(node, "orelse", []))


def _targets(node: ast.stmt) -> set[str]:
    targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
    parts = [t.elts if isinstance(t, ast.Tuple | ast.List) else [t] for t in targets]
    return {leaf.id for part in parts for leaf in part if isinstance(leaf, ast.Name)}


def is_stub(node: _Function | ast.ClassDef) -> bool:
    """Says whether a function, or a class at its construction, only raises NotImplementedError."""
    if not isinstance(node, ast.ClassDef):
        return _unfinished(node.body) is True
    methods = [part for part in node.body if isinstance(part, _Function)]
    if any(method.name == "__init__" and is_stub(method) for method in methods):
        return True
    return bool(methods) and all(is_stub(method) for method in methods)


def _unfinished(body: list[ast.stmt]) -> bool | None:
    """Says whether ``body`` comes to a ``raise NotImplementedError`` before it can return.

    Returns:
        True where every way through raises it, False where a way returns first, None where the
        body ends without either.
    """
    for node in body:
        if isinstance(node, ast.Raise) and _names_not_implemented(node.exc):
            return True
        if isinstance(node, ast.Return | ast.Raise):
            return False
        found = _unfinished_inside(node)
        if found is not None:
            return found
    return None


def _unfinished_inside(node: ast.stmt) -> bool | None:
    if isinstance(node, ast.If):
        ways = (_unfinished(node.body), _unfinished(node.orelse))
        return True if ways == (True, True) else (False if False in ways else None)
    if isinstance(node, ast.For | ast.While | ast.With | ast.Try):
        return _unfinished(node.body)
    return None


def _names_not_implemented(node: ast.expr | None) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(called, ast.Name) and called.id == "NotImplementedError"


def without(source: str, names: Iterable[str]) -> str:
    """Takes the definitions of ``names`` that are still stubs out of ``source``.

    ``pass`` stands in their place, so that blocks stay whole and line numbers stay true.
    """
    tree = parse(source) if names else None
    if tree is None:
        return source
    lines = source.split("\n")
    for node in _flat(tree.body):
        if isinstance(node, _Function | ast.ClassDef) and node.name in names and is_stub(node):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
            indent = " " * node.col_offset
            last = node.end_lineno or node.lineno
            lines[first:last] = [f"{indent}pass", *[""] * (last - first - 1)]
    return "\n".join(lines)
