"""Fixtures: the small course's manifest and a writer of notebooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat as untyped_nbformat
import pytest

from course.manifest import Manifest, load_manifest
from tests.submission.notebooks import MANIFEST, v4

nbformat: Any = untyped_nbformat

NotebookMaker = Callable[..., Path]


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    path = tmp_path / "exercises.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    return load_manifest(path)


@pytest.fixture
def notebook(tmp_path: Path) -> NotebookMaker:
    """Writes the given cells as a notebook and gives its path."""

    def write(*cells: Any, path: Path = tmp_path / "part_a.ipynb") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(v4.new_notebook(cells=list(cells))), encoding="utf-8")
        return path

    return write
