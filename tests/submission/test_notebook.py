"""Hostile and broken files: one clear line each, nothing waited for, nothing run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.submission import SubmissionError
from autograder.submission.notebook import Cell, read_cells
from tests.submission.conftest import NotebookMaker
from tests.submission.notebooks import FORWARD, code, markdown, v4, with_picture


def refused(path: Path) -> str:
    with pytest.raises(SubmissionError) as caught:
        read_cells(path)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith("part_a.ipynb ")
    assert ": " in message
    return message


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "part_a.ipynb"


def test_cells_of_a_real_notebook(notebook: NotebookMaker) -> None:
    path = notebook(markdown("# Title"), with_picture(code(FORWARD, "a1_1_forward")))
    title, answer = read_cells(path)
    assert (title.number, title.kind, title.source) == (1, "markdown", "# Title")
    assert (answer.kind, answer.source, answer.grade_id) == ("code", FORWARD, "a1_1_forward")
    assert (answer.pictures, bool(answer.cell_id)) == (1, True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty: save it"),
        (b"{", "is not JSON (line 1: Expecting property name"),
        (b"\xff\xfe{}", "is not UTF-8 text (byte 0)"),
        (b'{"nbformat": 4, "x": "\xe9"}', "is not UTF-8 text (byte 22)"),
        (b"[" * 1_000_000, "is nested too deeply"),
        (b'{"a":' * 200_000, "is nested too deeply"),
        (b"[]", "is JSON but no notebook"),
        (b'{"nbformat": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"nbformat": ' + b"9" * 4000 + b"}", "is of notebook format unknown, and 4 is read"),
        (b'{"cells": []}', "has no notebook format version"),
        (b'{"nbformat": true, "cells": []}', "has no notebook format version"),
        (b'{"nbformat": 3, "worksheets": []}', "is of notebook format 3, and 4 is read"),
        (b'{"nbformat": 5, "cells": []}', "is of notebook format 5, and 4 is read"),
        (b'{"nbformat": 4, "cells": {}}', "has no list of cells"),
        (b'{"nbformat": 4}', "has no list of cells"),
    ],
)
def test_broken_file_is_refused_in_one_line(file: Path, data: bytes, message: str) -> None:
    file.write_bytes(data)
    assert message in refused(file)


def test_notebook_of_100_mb_is_refused_unread(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(100 * 1024 * 1024)
    assert "is 100 MiB, and 20 MiB is the most" in refused(file)


def test_10000_cells_are_refused(file: Path) -> None:
    cell = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}
    file.write_text(json.dumps({"nbformat": 4, "cells": [cell] * 10_000}), encoding="utf-8")
    assert "has 10000 cells, and 2000 is the most" in refused(file)


def test_megabytes_of_code_are_refused(notebook: NotebookMaker) -> None:
    path = notebook(code("x = '" + "a" * 3_000_000 + "'"))
    assert "holds 3000 kB of code, and 400 kB is the most" in refused(path)


def test_link_pipe_device_and_folder_are_refused(file: Path, notebook: NotebookMaker) -> None:
    target = notebook(code(FORWARD), path=file.with_name("target.ipynb"))
    file.symlink_to(target)
    assert "is a symbolic link" in refused(file)
    file.unlink()
    file.symlink_to("/dev/zero")
    assert "is a symbolic link" in refused(file)
    file.unlink()
    os.mkfifo(file)
    assert "is a named pipe" in refused(file)
    file.unlink()
    file.mkdir()
    assert "is a folder" in refused(file)
    with pytest.raises(SubmissionError, match="zero is a device, not a file"):
        read_cells(Path("/dev/zero"))


def test_missing_file_is_refused(file: Path) -> None:
    assert "cannot be read (No such file or directory)" in refused(file)


def test_byte_order_mark_and_other_line_ends_are_read(file: Path) -> None:
    cell = {"cell_type": "code", "source": ["def f():\r\n", "    return 1\r"], "metadata": {}}
    data = json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": [cell]})
    file.write_bytes(b"\xef\xbb\xbf" + data.encode())
    assert read_cells(file)[0].source == "def f():\n    return 1\n"


@pytest.mark.parametrize(
    "cell",
    [
        3,
        None,
        [],
        {},
        {"cell_type": 3, "source": {"a": 1}, "metadata": []},
        {"cell_type": "code", "source": [1, None], "metadata": {"nbgrader": []}, "outputs": {}},
        {"cell_type": ["code"], "outputs": [3, {"data": 3}], "attachments": [], "id": 3},
        {"cell_type": "heading", "metadata": {"nbgrader": {"grade_id": 3}}},
    ],
)
def test_malformed_cell_counts_as_empty(file: Path, cell: Any) -> None:
    file.write_text(json.dumps({"nbformat": 4, "cells": [cell]}), encoding="utf-8")
    (read,) = read_cells(file)
    assert (read.number, read.source, read.grade_id, read.pictures) == (1, "", "", 0)


def test_lone_surrogate_in_source_can_be_encoded(file: Path) -> None:
    cell = {"cell_type": "code", "source": "x = '\ud800'", "metadata": {}}
    file.write_text(json.dumps({"nbformat": 4, "cells": [cell]}), encoding="utf-8")
    assert read_cells(file) == [Cell(1, "code", "x = '?'")]


def test_attached_picture_is_counted(notebook: NotebookMaker) -> None:
    cell = v4.new_markdown_cell("![](attachment:a.png)")
    cell.attachments = {"a.png": {"image/png": "iVBO"}, "b.png": {"image/png": ""}}
    assert read_cells(notebook(cell))[0].pictures == 1
