"""What the behaviour of an exercise's known mistakes depends on, as digests.

Two for each exercise: one of files' bytes, which is cheap and settles most cases, and one of what
the files say to Python (no comments, docstrings or layout, no checks), so that a corrected comment
makes no saved behaviour stale.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from course.manifest import Exercise

from .bank import ROOT, answer_source, mistakes, solution_source
from .checking import PREFIX

# Probes reach these by imports. Of the rest of the grader, how answers are run is left out: it is
# changed often, behaviours seldom with it, and the test of the four targets compares them all.
FOLLOWED = ("autograder.checks", "autograder.oracles", "autograder.served")
ALWAYS = ("autograder.diagnosis", "autograder.worker.prelude")


def file_digests(exercise: Exercise) -> dict[str, str]:
    """Digests of the bytes of every file that matters, by path from the repository's root."""
    return {path: _digest(_read(path).encode()) for path in _paths(exercise)}


def unchanged(digests: dict[str, str]) -> bool:
    """Whether every file still has the bytes that it had."""
    return all(
        (ROOT / path).is_file() and _digest(_read(path).encode()) == digest
        for path, digest in digests.items()
    )


def meaning_digest(exercise: Exercise) -> str:
    """Digest of the answers and of the code that tries them, as Python reads them."""
    answers = [solution_source(exercise)]
    answers += [f"# {m.slug}\n{answer_source(exercise, m)}" for m in mistakes(exercise.id)]
    texts = [text.partition("\n")[0] + _meaning(text) for text in answers[1:]]
    texts += [_meaning(answers[0]), *(_meaning(_read(path)) for path in _code(exercise))]
    return _digest("\0".join(texts).encode())


def _paths(exercise: Exercise) -> list[str]:
    sources = {_path(source.partition(":")[0]) for source in exercise.sources}
    own = {f"autograder/mistakes/{exercise.id}.py", "autograder/bank.py"}
    return sorted({*sources, *own, *_code(exercise)})


def _code(exercise: Exercise) -> list[str]:
    """The check module, what it imports on the trusted side, and what answers find in place."""
    found: set[str] = set()
    todo = [f"autograder.checks.{exercise.id}", *ALWAYS]
    while todo:
        module = todo.pop()
        path = _path(module)
        if path in found:
            continue
        found.add(path)
        todo += [name for name in _imports(path, module) if name.startswith(FOLLOWED)]
    return sorted(found)


@cache
def _imports(path: str, module: str) -> tuple[str, ...]:
    """Modules that a file imports, a package's submodules by name included."""
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(ast.parse(_read(path))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *([base] if base else [])])
            found += [base, *(f"{base}.{name.name}" for name in node.names)]
    return tuple(name for name in found if _exists(name))


def _exists(module: str) -> bool:
    stem = ROOT / module.replace(".", "/")
    return stem.with_suffix(".py").is_file() or (stem / "__init__.py").is_file()


def _path(module: str) -> str:
    stem = module.replace(".", "/")
    return f"{stem}.py" if (ROOT / f"{stem}.py").is_file() else f"{stem}/__init__.py"


@cache
def _read(path: str) -> str:
    return Path(ROOT / path).read_text(encoding="utf-8")


def _meaning(text: str) -> str:
    """The syntax tree without docstrings and without checks; the text where it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            node.body = list(_kept(node.body)) or [ast.Pass()]
    return ast.dump(tree)


def _kept(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        words = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        check = isinstance(statement, ast.FunctionDef) and statement.name.startswith(PREFIX)
        if not words and not check:
            yield statement


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
