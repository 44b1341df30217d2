"""Finds solutions, hidden checks and paths of this machine in a release before it is published.

A line counts once it is normalised (no surrounding or doubled blanks) and long enough to tell
something. Solution lines that also stand outside a region are public already. In files that are
written by hand (notebook sources, kit, release files) single lines may coincide, so only a pasted
passage counts there; everywhere else one line is enough.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.build.layout import Layout, files_below
from course.build.markers import region_lines
from course.build.sources import Module, parse_module

# Shorter lines ("return x", "continue") say nothing about an exercise.
TELLING = 13

# So many telling lines in a row are no coincidence.
PASSAGE = 2
CHECK_PASSAGE = 3

ABSOLUTE_PATH = re.compile(
    r"(?<![\w./~:-])/(?:home|root|Users|tmp|work|mnt|var|opt|srv|private)/[\w.-]+"
    r"|(?<!\w)[A-Za-z]:\\\\?[A-Za-z]\w+"
)


@dataclass(frozen=True)
class Secret:
    """A passage that must not be published.

    Attributes:
        origin: File and line of its first line.
        lines: Its telling lines, normalised.
        needed: How many of them in a row give it away in a hand-written file.
    """

    origin: str
    lines: tuple[str, ...]
    needed: int


def find_leaks(layout: Layout, release: Path) -> list[str]:
    """Scans a built release.

    Args:
        layout: The course that it was built from.
        release: The release's folder.

    Returns:
        One line for each leak: file and line in the release, and where the text comes from.
    """
    secrets, public = _secrets(layout)
    by_hand = public | _lines_of(_hand_written(layout))
    single = {
        line: secret.origin for secret in secrets for line in secret.lines if line not in by_hand
    }
    leaks = []
    for path in files_below(release):
        name = path.relative_to(release).as_posix()
        lines = list(published_lines(path))
        leaks += [f"{name}:{n}: absolute path {m[0]}" for n, line in lines if (m := _path(line))]
        normal = [(n, text) for n, line in lines if len(text := normalise(line)) >= TELLING]
        found = {n: single[text] for n, text in normal if text in single}
        for number, origin in _passages(normal, secrets, public):
            found.setdefault(number, origin)
        leaks += [f"{name}:{n}: hidden text of {origin}" for n, origin in sorted(found.items())]
    return leaks


def normalise(line: str) -> str:
    """A line without surrounding and doubled blanks."""
    return " ".join(line.split())


def published_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a released file; of a notebook, decoded but numbered as in the file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:  # a picture or weights
        return
    for number, line in enumerate(lines, 1):
        text = line.strip().rstrip(",")
        if path.suffix == ".ipynb" and text.startswith('"') and text.endswith('"'):
            # '"key": "value"' is metadata and no string.
            with contextlib.suppress(json.JSONDecodeError):
                line = json.loads(text)
        yield number, line


def _secrets(layout: Layout) -> tuple[list[Secret], set[str]]:
    secrets: list[Secret] = []
    public: set[str] = set()
    for path in files_below(layout.root / "solutions"):
        if path.suffix == ".py":
            module = parse_module(layout.text(path), layout.show(path))
            hidden = {n for n, _ in region_lines(module.text, module.regions)}
            lines = enumerate(module.text.splitlines(), 1)
            public |= {normalise(line) for n, line in lines if n not in hidden}
            secrets += _of_module(module)
    for path in files_below(layout.checks):
        if path.suffix == ".py":
            numbered = list(enumerate(layout.text(path).splitlines(), 1))
            imports = re.compile(r"\s*(?:import|from)\s")
            kept = [(n, line) for n, line in numbered if not imports.match(line)]
            secrets.append(_secret(layout.show(path), kept, CHECK_PASSAGE))
    return secrets, public


def _of_module(module: Module) -> Iterator[Secret]:
    for region in module.regions:
        lines = region_lines(module.text, (region,))
        yield _secret(f"{module.name}:{region.begin}", lines, PASSAGE)


def _secret(origin: str, lines: list[tuple[int, str]], passage: int) -> Secret:
    telling = tuple(t for _, line in lines if len(t := normalise(line)) >= TELLING)
    return Secret(origin, telling, min(passage, max(1, len(telling))))


def _hand_written(layout: Layout) -> Iterable[Path]:
    yield from (layout.part(part) for part in "ab" if layout.part(part).is_file())
    for folder in (layout.kit, layout.release_files):
        yield from files_below(folder)


def _lines_of(paths: Iterable[Path]) -> set[str]:
    return {normalise(line) for path in paths for _, line in published_lines(path)}


def _passages(
    lines: list[tuple[int, str]], secrets: list[Secret], public: set[str]
) -> Iterator[tuple[int, str]]:
    texts = [text for _, text in lines]
    places: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        places.setdefault(text, []).append(index)
    for secret in secrets:
        size = secret.needed
        for start in range(len(secret.lines) - size + 1):
            window = list(secret.lines[start : start + size])
            if all(line in public for line in window):
                continue
            for index in places.get(window[0], []):
                if texts[index : index + size] == window:
                    yield lines[index][0], secret.origin


def _path(line: str) -> re.Match[str] | None:
    return ABSOLUTE_PATH.search(line)
