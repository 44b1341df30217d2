"""The strict reading of solution regions, before nbgrader sees them.

nbgrader finds its markers by substring: a misspelt BEGIN with a right END wipes a whole cell, and
a comment that only mentions a marker opens a region. Here a marker is one exact line, and whatever
merely resembles one is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from course.build.errors import BuildError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

# Other words on which nbgrader acts wherever they stand.
RESERVED = ("HIDDEN TESTS", "MARK SCHEME", "AUTOTEST", "HASHED")

# Below this likeness (0 to 1) a comment is prose; "begn soluton" has 0.92, "the solution" 0.83.
LIKENESS = 0.85


@dataclass(frozen=True)
class Region:
    """One solution region.

    Attributes:
        begin: Line of its BEGIN marker, from 1.
        end: Line of its END marker.
        indent: Spaces before both markers.
    """

    begin: int
    end: int
    indent: int


def find_regions(text: str, name: str, *, in_functions: bool = True) -> tuple[Region, ...]:
    """Reads the solution regions of a Python file.

    Args:
        text: The file's text.
        name: Its name in messages.
        in_functions: Whether each region must lie in a function and cover whole statements at
            the markers' indentation, as in `solutions/`.

    Raises:
        BuildError: A line that resembles a marker but is none; markers that are nested, not
            balanced or around nothing; with `in_functions`, a region elsewhere or one that cuts
            through a statement. Each problem starts with "NAME:LINE:".
    """
    regions, problems = _pair(text.splitlines(), name)
    if in_functions and not problems and regions:
        problems = [f"{name}:{line}: {what}" for line, what in _misplaced(text, regions)]
    if problems:
        raise BuildError(*problems)
    return tuple(regions)


def region_lines(text: str, regions: tuple[Region, ...]) -> list[tuple[int, str]]:
    """Numbered lines inside the regions, markers left out."""
    lines = text.splitlines()
    return [(n, lines[n - 1]) for region in regions for n in range(region.begin + 1, region.end)]


def _pair(lines: list[str], name: str) -> tuple[list[Region], list[str]]:
    regions: list[Region] = []
    problems: list[str] = []
    opened: tuple[int, int] | None = None
    for number, line in enumerate(lines, 1):
        marker, indent = line.lstrip(" "), len(line) - len(line.lstrip(" "))
        where = f"{name}:{number}:"
        if marker == BEGIN:
            if opened:
                problems.append(f"{where} {BEGIN} inside the region of line {opened[0]}")
            opened = (number, indent)
        elif marker == END:
            if opened is None:
                problems.append(f"{where} {END} without a {BEGIN} before it")
            elif opened[1] != indent:
                problems.append(f"{where} {END} is not indented like its {BEGIN}")
            elif all(_is_blank(between) for between in lines[opened[0] : number - 1]):
                problems.append(f"{name}:{opened[0]}: the solution region is empty")
            else:
                regions.append(Region(opened[0], number, indent))
            opened = None
        elif what := _resemblance(line):
            problems.append(f"{where} {what}")
    if opened:
        problems.append(f"{name}:{opened[0]}: {BEGIN} without an {END} after it")
    return regions, problems


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _resemblance(line: str) -> str | None:
    words = re.sub(r"[\W_]+", " ", line).strip().upper()
    for reserved in RESERVED:
        if reserved in line:
            return f"nbgrader acts on {reserved!r}: use other words"
    comment = line.lstrip().startswith("#")
    for marker in (BEGIN, END):
        phrase = marker.lstrip("# ")
        alike = SequenceMatcher(None, words, phrase).ratio() >= LIKENESS
        if f" {phrase} " in f" {words} " or (comment and alike):
            return f"resembles a marker: write exactly {marker!r}, alone on its line"
    if line.lstrip().startswith("###"):
        return "three # begin a marker: write a comment with one #"
    return None


def _misplaced(text: str, regions: list[Region]) -> Iterator[tuple[int, str]]:
    tree = ast.parse(text)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    functions = [n for n in statements if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for region in regions:
        # The END line is a comment, so a function may end before it by `end_lineno`.
        around = [f for f in functions if f.body[0].lineno <= region.end and _holds(f, region)]
        if not around:
            yield region.begin, "the region is not inside a function"
            continue
        inside = [s for s in statements if region.begin < _first(s) < region.end]
        if not inside:
            yield region.begin, "the solution region is empty"
        elif min(s.col_offset for s in inside) != region.indent:
            yield region.begin, "the markers are not at the indentation of their statements"
        yield from _cuts(statements, region)


def _holds(function: ast.FunctionDef | ast.AsyncFunctionDef, region: Region) -> bool:
    last = function.end_lineno or function.lineno
    return function.lineno < region.begin <= last and function.col_offset < region.indent


def _cuts(statements: list[ast.stmt], region: Region) -> Iterator[tuple[int, str]]:
    for statement in statements:
        first, last = _first(statement), statement.end_lineno or statement.lineno
        if region.begin < first < region.end < last:
            yield region.end, f"{END} cuts through the statement of line {first}"
        simple = not hasattr(statement, "body")
        if simple and first < region.begin < last:
            yield region.begin, f"{BEGIN} cuts through the statement of line {first}"


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])
