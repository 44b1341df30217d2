"""The formats by name, and the one function that writes any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from autograder.export.github import github_files
from autograder.export.gradescope import gradescope_files
from autograder.export.junit import junit_files
from autograder.export.tables import canvas_files, csv_files, moodle_files
from autograder.results import (
    ResultError,
    SubmissionResult,
    in_order,
    read_results,
    write_atomically,
)

Writer = Callable[[Sequence[SubmissionResult]], Mapping[str, str]]

FORMATS: Mapping[str, Writer] = MappingProxyType(
    {
        "csv": csv_files,
        "gradescope": gradescope_files,
        "github": github_files,
        "canvas": canvas_files,
        "moodle": moodle_files,
        "junit": junit_files,
    }
)


class ExportError(ValueError):
    """Results that cannot be exported as asked; one line says why and what to do."""


def export(results: Sequence[SubmissionResult], to: str, out: Path) -> list[Path]:
    """Writes results in another system's format.

    Args:
        results: The class, in any order.
        to: One of ``FORMATS``.
        out: The folder that the files go to; made where it is missing.

    Returns:
        The files, in order of name.

    Raises:
        ExportError: An unknown format, or a student's assignment that occurs twice.
    """
    if to not in FORMATS:
        raise ExportError(f"unknown format {to!r}: choose one of {', '.join(FORMATS)}")
    ordered = in_order(results)
    for first, second in pairwise(ordered):
        if (first.student, first.assignment) == (second.student, second.assignment):
            raise ExportError(
                f"{first.student}/{first.assignment} has two results: leave one in results.jsonl"
            )
    files = FORMATS[to](ordered)
    return [write_atomically(out / name, text) for name, text in sorted(files.items())]


def export_file(results: Path, to: str, out: Path) -> list[Path]:
    """Writes what a ``results.jsonl`` holds in another system's format; see `export`.

    Raises:
        ExportError: The file is missing or is no list of results, or as `export` has it.
    """
    try:
        found = read_results(results)
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(
            f"{results} cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'}): "
            "give the results.jsonl that autograder grade wrote"
        ) from None
    except ResultError as error:
        raise ExportError(f"{error}: grade the class again") from None
    return export(found, to, out)
