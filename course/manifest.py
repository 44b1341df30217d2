"""Reads `exercises.toml`, the one list of exercises, and refuses anything that is not exact.

Every table is one exercise, in the order of the report, but for `[submission]`, which holds the
limits of a whole notebook (`course.limits`). Errors name the file and the line, so
that a typo is mended where it stands instead of surfacing later as a lost point.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from course.exercise import Exercise, Limits, Manifest, ManifestError, SubmissionLimits
from course.limits import (
    SUBMISSION,
    LimitError,
    Positive,
    exercise_limits,
    submission_limits,
)
from course.toml_lines import TomlLines

__all__ = [
    "Exercise",
    "Limits",
    "Manifest",
    "ManifestError",
    "SubmissionLimits",
    "load_manifest",
]

T = TypeVar("T")

DEFAULT_PATH = Path(__file__).parent / "exercises.toml"

PARTS = ("a", "b")
KINDS = ("figure", "text")
DEVICES = ("cpu", "cuda")

# The build adds cells named after an exercise with these endings.
RESERVED_ENDINGS = ("_check", "_rubric")
# nbgrader allows capitals and hyphens too; file and module names are made of ids here.
ID_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
SOURCE_PATTERN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

COMMON_KEYS = frozenset({"title", "part", "section", "device", "limits"})
CODING_KEYS = COMMON_KEYS | {"source", "checks", "hint", "manual"}
MANUAL_KEYS = COMMON_KEYS | {"manual", "points", "rubric", "kind"}


def load_manifest(path: Path | None = None) -> Manifest:
    """Reads and validates the manifest.

    Args:
        path: The file; the course's own `exercises.toml` by default.

    Raises:
        ManifestError: Missing or unreadable file, or anything in it that is not as described in
            `Exercise`; the message starts with "exercises.toml:LINE:".
    """
    path = path or DEFAULT_PATH
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path.name}:1: cannot be read as UTF-8 text ({error})") from error
    except OSError as error:
        reason = f"{path.parent}: {error.strerror or error}"
        raise ManifestError(f"{path.name}:1: cannot be read in {reason}") from error
    lines = TomlLines(path.name, text)
    tables = _parse(text, lines)
    whole = _submission(tables.pop(SUBMISSION, {}), lines)
    exercises = {key: _Table(key, value, lines).exercise() for key, value in tables.items()}
    return Manifest(path, MappingProxyType(exercises), whole)


def _submission(value: object, lines: TomlLines) -> SubmissionLimits:
    table = _Table(SUBMISSION, value, lines)
    for key in table.value:
        if key != "limits":
            table.fail(key, f"unknown key {key!r}: limits is all that a notebook has here")
    return table.read_limits(submission_limits)


def _fail(lines: TomlLines, line: int, message: str) -> NoReturn:
    raise ManifestError(f"{lines.name}:{line}: {message}")


def _parse(text: str, lines: TomlLines) -> dict[str, Any]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        counts = Counter(name for name, _ in lines.headers)
        for name, number in reversed(lines.headers):
            if counts[name] > 1:
                _fail(lines, number, f"duplicate id {name!r}: first used in line {lines.of(name)}")
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        last = len(text.splitlines()) or 1
        _fail(lines, int(found[1]) if found else last, f"not valid TOML: {error}")
    if not tables.keys() - {SUBMISSION}:
        _fail(lines, 1, "no exercise: add a table such as [a1_1_forward]")
    return tables


class _Table:
    """One table on its way to an `Exercise`."""

    def __init__(self, key: str, value: object, lines: TomlLines) -> None:
        self.id = key
        self.lines = lines
        if not isinstance(value, dict):
            _fail(lines, lines.of_top(key), f"{key!r} is not a table: write [{key}]")
        self.value: dict[str, object] = value

    def exercise(self) -> Exercise:
        if not ID_PATTERN.fullmatch(self.id):
            self.fail("", "an id has small letters, digits and _ only, and starts with a letter")
        if self.id.endswith(RESERVED_ENDINGS):
            self.fail("", f"an id does not end in {' or '.join(RESERVED_ENDINGS)}")
        manual = self.get("manual", bool, default=False)
        self.refuse_unknown(MANUAL_KEYS if manual else CODING_KEYS, manual)
        special = self.by_hand() if manual else self.coded()
        return Exercise(
            id=self.id,
            title=self.text("title"),
            part=self.choice("part", PARTS),
            section=self.text("section"),
            device=self.choice("device", DEVICES),
            limits=self.limits(),
            line=self.lines.of(self.id),
            **special,
        )

    def coded(self) -> dict[str, Any]:
        checks = self.points_of_checks()
        return {
            "sources": self.sources(),
            "checks": MappingProxyType(checks),
            "points": sum(checks.values()),
            "hint": self.text("hint"),
        }

    def by_hand(self) -> dict[str, Any]:
        rubric = self.get("rubric", list)
        if not rubric or not all(isinstance(line, str) and line.strip() for line in rubric):
            self.fail("rubric", "rubric is a list of at least one sentence")
        return {
            "manual": True,
            "points": self.positive("points", self.get("points", int, float)),
            "rubric": tuple(rubric),
            "kind": self.choice("kind", KINDS),
        }

    def sources(self) -> tuple[str, ...]:
        given = self.get("source", str, list)
        sources = [given] if isinstance(given, str) else given
        for source in sources:
            if not isinstance(source, str) or not SOURCE_PATTERN.fullmatch(source):
                self.fail("source", f'source {source!r} is not of the form "module:name"')
        if not sources or len({source.partition(":")[0] for source in sources}) > 1:
            self.fail("source", "source names one or more objects of one module")
        if len(set(sources)) < len(sources):
            self.fail("source", "source names an object twice")
        return tuple(sources)

    def points_of_checks(self) -> dict[str, float]:
        checks = self.get("checks", dict)
        if not checks:
            self.fail("checks", "checks needs at least one named check with its points")
        for name in checks:
            if not ID_PATTERN.fullmatch(name):
                self.fail("checks", f"check name {name!r} has other than small letters, digits, _")
        return {name: self.positive("checks", points, name) for name, points in checks.items()}

    def limits(self) -> Limits:
        return self.read_limits(exercise_limits)

    def read_limits(self, reader: Callable[[dict[str, Any], Positive], T]) -> T:
        given = self.get("limits", dict, default={})
        try:
            return reader(given, lambda value, key: self.positive("limits", value, key))
        except LimitError as error:
            self.fail("limits", str(error))

    def get(self, key: str, *types: type, default: Any = None) -> Any:
        if key not in self.value:
            if default is None:
                self.fail("", f"key {key!r} is missing")
            return default
        value = self.value[key]
        # bool is an int for Python, never for the author of a manifest.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            wanted = " or ".join(kind.__name__ for kind in types)
            self.fail(key, f"{key} is of type {type(value).__name__}, not {wanted}")
        return value

    def text(self, key: str) -> str:
        value: str = self.get(key, str)
        if not value.strip():
            self.fail(key, f"{key} is empty")
        return value.strip()

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        value: str = self.get(key, str)
        if value not in allowed:
            self.fail(key, f"{key} is {value!r}: one of {', '.join(allowed)}")
        return value

    def positive(self, key: str, value: object, name: str = "") -> float:
        label = f"{key}.{name}" if name else key
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, f"{label} is of type {type(value).__name__}, not a number")
        if not 0 < value < float("inf"):
            self.fail(key, f"{label} is {value}: more than 0")
        return value

    def refuse_unknown(self, allowed: frozenset[str], manual: bool) -> None:
        for key in self.value:
            if key not in allowed:
                kind = "a hand-graded" if manual else "a coding"
                self.fail(
                    key, f"unknown key {key!r} of {kind} exercise: {', '.join(sorted(allowed))}"
                )

    def fail(self, key: str, message: str) -> NoReturn:
        _fail(self.lines, self.lines.of(self.id, key), f"[{self.id}] {message}")
