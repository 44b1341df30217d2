"""Claims about the sources: what a stub keeps, and what names the code may use."""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
from pathlib import Path

import pytest

import solutions

ROOT = Path(inspect.getfile(solutions)).parent
MODULES = ["sampling", "editing", "illusions", "blocks", "unet", "ddpm", "training"]
PRELUDE = """
import math
import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from torch import Tensor, nn
from tqdm.auto import tqdm
from kit import add_variance
"""
ORDER = {
    "editing": ["sampling"],
    "illusions": ["sampling"],
    "unet": ["blocks"],
    "training": ["ddpm"],
}
"""Modules whose definitions come earlier in the same notebook."""


def objects(module: str) -> list[tuple[str, str]]:
    """List names and sources of a module's functions and classes."""
    text = (ROOT / f"{module}.py").read_text(encoding="utf-8")
    nodes = ast.parse(text).body
    return [
        (node.name, ast.get_source_segment(text, node) or "")
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]


def strip(source: str) -> str:
    """Put `raise NotImplementedError()` in place of each solution region."""
    lines: list[str] = []
    inside = False
    for line in source.splitlines():
        if line.strip() == "### BEGIN SOLUTION":
            lines.append(line.replace("### BEGIN SOLUTION", "raise NotImplementedError()"))
            inside = True
        elif line.strip() == "### END SOLUTION":
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def names_loaded(source: str) -> set[str]:
    """List the global names that code reads, in its bodies, annotations and defaults."""
    pending, names = [compile(source, "<exercise>", "exec")], set[str]()
    while pending:
        code = pending.pop()
        names |= {
            instruction.argval
            for instruction in dis.get_instructions(code)
            if instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL")
        }
        pending += [const for const in code.co_consts if inspect.iscode(const)]
    return names


@pytest.mark.parametrize("module", MODULES)
def test_code_needs_only_the_notebooks_prelude(module: str) -> None:
    """In a notebook there is the prelude, and what earlier exercises define: nothing else."""
    namespace: dict[str, object] = {}
    exec(PRELUDE, namespace)
    own = {name for part in [module, *ORDER.get(module, [])] for name, _ in objects(part)}
    builtin = set(dir(builtins)) | {"__name__", "__qualname__"}
    for name, source in objects(module):
        unknown = names_loaded(source) - set(namespace) - own - builtin
        assert not unknown, f"{name} reads {unknown}"


@pytest.mark.parametrize("module", MODULES)
def test_stubs_are_python_and_raise(module: str) -> None:
    """Every function's stub keeps its signature and docstring, and every body raises."""
    for name, source in objects(module):
        stub, full = ast.parse(strip(source)), ast.parse(source)
        functions = [n for n in ast.walk(stub) if isinstance(n, ast.FunctionDef)]
        raises = [n for n in ast.walk(stub) if isinstance(n, ast.Raise)]
        unfinished = [n for n in raises if "NotImplementedError" in ast.unparse(n)]
        assert len(unfinished) == len(functions), name
        assert ast.get_docstring(stub.body[0]) == ast.get_docstring(full.body[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("module", MODULES)
def test_every_region_has_a_hint_above(module: str) -> None:
    """The comment above a region is the hint that the stub keeps."""
    lines = (ROOT / f"{module}.py").read_text(encoding="utf-8").splitlines()
    starts = [i for i, line in enumerate(lines) if line.strip() == "### BEGIN SOLUTION"]
    assert starts
    for i in starts:
        assert lines[i - 1].strip().startswith("# "), f"{module}.py:{i + 1}"
