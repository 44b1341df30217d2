"""Takes IPython's own lines out of a cell, so that what is left is Python.

A line such as ``%matplotlib inline``, ``!pip install x`` or ``forward?`` becomes ``pass`` at its
own indentation: blocks stay whole and line numbers stay true. A line that looks like a magic
but is Python where it stands (a ``%`` that continues an expression, text in a docstring) stays.
"""

from __future__ import annotations

import re

from autograder.submission.names import error_line

# Cell magics whose body is Python run in the notebook's namespace; others are no answer.
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "debug"})
_CELL_MAGIC = re.compile(r"\s*%%(\w*)")
_MAGIC = re.compile(
    r"""(?: [%!?]                       # %magic, !shell, ?help
      | [\w.,\s\[\]"']+ = \s* [%!]     # files = !ls
      | [\w.]+ \?{1,2} \s* $ )         # forward?""",
    re.VERBOSE,
)
_MAX_REPLACED = 100


def python_source(source: str) -> str:
    """Gives the Python of a code cell; a cell in another language gives the empty string."""
    line = error_line(source)
    if line is None:
        return source
    lines = source.split("\n")
    cell_magic = _CELL_MAGIC.match(next((text for text in lines if text.strip()), ""))
    if cell_magic and cell_magic[1] not in _PYTHON_CELLS:
        return ""
    for _ in range(_MAX_REPLACED):
        if line is None or not _is_magic(lines[line - 1]):
            break
        _replace(lines, line - 1)
        line = error_line("\n".join(lines))
    if line is not None:
        # Another error hides the lines behind it: what looks like a magic there goes as well.
        for i, text in enumerate(lines):
            if _is_magic(text):
                _replace(lines, i)
    return "\n".join(lines)


def _is_magic(line: str) -> bool:
    # Cut, because the time that the pattern takes grows with the square of the length.
    return bool(_MAGIC.match(line.strip()[:200]))


def _replace(lines: list[str], i: int) -> None:
    """Puts ``pass`` in place of line ``i``, and nothing in that of lines that continue it."""
    text = lines[i]
    lines[i] = text[: len(text) - len(text.lstrip())] + "pass"
    while text.endswith("\\") and i + 1 < len(lines):
        i += 1
        text, lines[i] = lines[i], ""
