"""Reads a notebook's cells from its JSON, without Jupyter and without trusting any key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.submission.files import SubmissionError, printable, read_text

MAX_CELLS = 2_000
MAX_CODE = 400_000


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        number: Its place in the notebook, from 1.
        kind: ``code``, ``markdown`` or ``raw``.
        source: Its text, with plain line ends and no lone surrogates.
        grade_id: nbgrader's id of the cell; empty where metadata is gone.
        cell_id: The notebook format's own id; empty in older notebooks.
        pictures: How many pictures its outputs and attachments hold.
    """

    number: int
    kind: str
    source: str
    grade_id: str = ""
    cell_id: str = ""
    pictures: int = 0


def read_cells(path: Path) -> list[Cell]:
    """Reads the cells of a notebook of format 4.

    Raises:
        SubmissionError: The file cannot be read, is no notebook of format 4, or is too large.
    """
    name = printable(path.name)
    data = _parse(name, read_text(path))
    _check_version(name, data)
    cells = data.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError(f"{name} has no list of cells: save it from Jupyter again")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(
            f"{name} has {len(cells)} cells, and {MAX_CELLS} is the most: "
            "delete those that are no answer"
        )
    read = [_cell(number, cell) for number, cell in enumerate(cells, start=1)]
    size = sum(len(cell.source) for cell in read if cell.kind == "code")
    if size > MAX_CODE:
        raise SubmissionError(
            f"{name} holds {size // 1000} kB of code, and {MAX_CODE // 1000} kB is the most: "
            "delete data that was pasted into cells"
        )
    return read


def _parse(name: str, text: str) -> dict[str, Any]:
    if not text.strip():
        raise SubmissionError(f"{name} is empty: save it from Jupyter again")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SubmissionError(
            f"{name} is not JSON (line {error.lineno}: {error.msg}): save it from Jupyter again"
        ) from None
    except (RecursionError, MemoryError):
        raise SubmissionError(
            f"{name} is nested too deeply for a notebook: save it from Jupyter again"
        ) from None
    except ValueError:
        # A number of thousands of digits.
        raise SubmissionError(f"{name} is not JSON: save it from Jupyter again") from None
    if not isinstance(data, dict):
        raise SubmissionError(f"{name} is JSON but no notebook: hand in the .ipynb file")
    return data


def _check_version(name: str, data: dict[str, Any]) -> None:
    version = data.get("nbformat")
    if type(version) is not int:
        raise SubmissionError(f"{name} has no notebook format version: save it from Jupyter again")
    if version != 4:
        # A version of thousands of digits would be a message of as many.
        shown = str(version) if abs(version) < 1000 else "unknown"
        raise SubmissionError(
            f"{name} is of notebook format {shown}, and 4 is read: "
            "open it in a current Jupyter and save it"
        )


def _cell(number: int, data: object) -> Cell:
    """Reads one cell; what has not the expected form counts as not there."""
    if not isinstance(data, dict):
        return Cell(number, "raw", "")
    metadata = data.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    kind, cell_id = data.get("cell_type"), data.get("id")
    return Cell(
        number=number,
        kind=kind if isinstance(kind, str) and kind in ("code", "markdown") else "raw",
        source=_text(data.get("source")),
        grade_id=grade_id if isinstance(grade_id, str) else "",
        cell_id=cell_id if isinstance(cell_id, str) else "",
        pictures=_pictures(data),
    )


def _text(source: object) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    source = source.encode("utf-8", "replace").decode("utf-8")
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _pictures(data: dict[str, Any]) -> int:
    """Counts outputs and attachments that have a picture with something in it."""
    outputs = data.get("outputs")
    bundles = (
        [output.get("data") for output in outputs if isinstance(output, dict)]
        if (isinstance(outputs, list))
        else []
    )
    attachments = data.get("attachments")
    if isinstance(attachments, dict):
        bundles.extend(attachments.values())
    return sum(
        any(isinstance(key, str) and key.startswith("image/") and value for key, value in b.items())
        for b in bundles
        if isinstance(b, dict)
    )
