"""Makes a notebook that is safe to show to an instructor.

Formgrader and feedback pages render a submitted notebook with nbconvert, which lets raw HTML,
raw cells, rich outputs and some metadata through as they are: a script in a student's Markdown
would run with the instructor's rights. So the copy that they show is built anew from what is
known to be harmless: sources as text, plain output, and pictures.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

import nbformat
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PICTURES: Final = ("image/png", "image/jpeg", "image/gif")
_MAX_TEXT = 100_000
_MAGIC: Final = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
# Behind a "<", it makes text of a tag wherever Markdown takes it: in prose, code and formulas.
_BREAK: Final = "\u200b"
# Links that run scripts, also where signs are written as entities.
_SCRIPT = re.compile(r"(?i)(java|vb)(?=script)|&(?=#|\w)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# MathJax makes links and styles of these.
_MATH = re.compile(r"\\(?=(?:href|style|class|cssId|require|html\w*)\b)")
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """Gives a copy of a submitted notebook that holds nothing that a browser would run.

    Cells keep their order, their text and nbgrader's metadata of them; nothing else is kept of
    metadata. Raw cells become Markdown that shows their text.

    Args:
        notebook: A notebook of format 4, of whatever content.
    """
    cells: list[NotebookNode] = []
    taken: set[str] = set()
    for number, cell in enumerate(_items(notebook.get("cells"))):
        given = cell.get("id")
        usable = isinstance(given, str) and _CELL_ID.fullmatch(given) and given not in taken
        cell_id = str(given) if usable else f"cell-{number}-{len(taken)}"
        taken.add(cell_id)
        cells.append(_cell(cell, cell_id))
    language = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made: NotebookNode = new_notebook(
        cells=cells, metadata={**language, "language_info": {"name": "python"}}
    )
    made.nbformat_minor = 5
    nbformat.validate(made)
    return made


def no_markup(text: str) -> str:
    """Gives text of which Markdown with raw HTML makes no tag."""
    return _TAG.sub(f"<{_BREAK}", text)


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    text = value if isinstance(value, str) else ""
    return text[:_MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


def _cell(cell: dict[str, Any], cell_id: str) -> NotebookNode:
    source = _text(cell.get("source"))
    options = {"id": cell_id, "metadata": _tag(cell.get("metadata"))}
    made: NotebookNode
    if cell.get("cell_type") == "code":
        outputs = list(_outputs(cell.get("outputs")))
        made = new_code_cell(source, outputs=outputs, execution_count=None, **options)
        return made
    attached = cell.get("attachments")
    if cell.get("cell_type") != "markdown":
        source, attached = _quoted(source), {}
    bundles = attached.items() if isinstance(attached, dict) else ()
    found = {str(name): pictures for name, data in bundles if (pictures := _pictures(data))}
    made = new_markdown_cell(_harmless(source, found), **options)
    if found:
        made.attachments = nbformat.from_dict(found)
    return made


def _harmless(source: str, attachments: dict[str, dict[str, str]]) -> str:
    """Gives Markdown that runs nothing, and that nbconvert can render."""
    text = _MATH.sub(r"\\_", no_markup(_CONTROL.sub("", source)))
    text = _SCRIPT.sub(lambda found: found[0] + _BREAK, text)
    for form in (text, text.replace("attachment:", f"attachment{_BREAK}:")):
        try:
            MarkdownWithMath(IPythonRenderer(escape=False, attachments=attachments)).render(form)
        except Exception:  # of whatever kind, the page with this cell would not open
            continue
        return form
    return _quoted(text)


def _quoted(text: str) -> str:
    """Gives Markdown that shows a text as it is."""
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _tag(metadata: Any) -> dict[str, Any]:
    """Takes nbgrader's id of a cell from its metadata."""
    tag = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = tag.get("grade_id") if isinstance(tag, dict) else None
    if isinstance(grade_id, str) and _CELL_ID.fullmatch(grade_id):
        return {"nbgrader": {"grade_id": grade_id}}
    return {}


def _outputs(outputs: Any) -> Iterator[NotebookNode]:
    for output in _items(outputs):
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            yield new_output("stream", name=name, text=_text(output.get("text")))
        elif kind == "error":
            said = {key: _text(output.get(key)) for key in ("ename", "evalue")}
            lines = output.get("traceback")
            trace = [_text(line) for line in lines] if isinstance(lines, list) else []
            yield new_output("error", **said, traceback=trace)
        elif kind in ("display_data", "execute_result"):
            data = output.get("data")
            bundle = _pictures(data)
            if words := _text(data.get("text/plain")) if isinstance(data, dict) else "":
                bundle["text/plain"] = words
            if bundle:
                yield new_output("display_data", data=bundle)


def _pictures(data: Any) -> dict[str, str]:
    """Takes the pictures of a bundle; what is no picture of its kind is left out."""
    found = {}
    for kind in PICTURES:
        encoded = data.get(kind) if isinstance(data, dict) else None
        if isinstance(encoded, list):
            encoded = "".join(part for part in encoded if isinstance(part, str))
        if not isinstance(encoded, str):
            continue
        try:
            raw = base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError):
            continue
        if raw.startswith(_MAGIC[kind]):
            found[kind] = base64.b64encode(raw).decode("ascii")
    return found
