"""Writes ``report.html`` and the students' pages: self-contained, with no outside address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.report.feedback import feedback_of
from autograder.report.filenames import page_name
from autograder.report.mistakes import mistake_sentence
from autograder.report.payload import inert_json, payload
from autograder.report.pictures import addresses
from autograder.report.summary import OUTCOMES, summarise
from autograder.results import SubmissionResult, in_order, number, write_atomically
from course.manifest import Manifest, load_manifest

_SCRIPTS: Final = ("data.js", "table.js", "views.js")


@dataclass(frozen=True)
class ReportMeta:
    """What the report says beside the results.

    Attributes:
        title: The course's name.
        made: When it was made, as words; left out where empty, so that pages can be compared.
        seconds: Wall-clock time of the whole run; left out where None.
        notices: Lines above everything, such as folders that are no assignment.
    """

    title: str = "Diffusion models"
    made: str = ""
    seconds: float | None = None
    notices: tuple[str, ...] = ()


def write_report(
    out: Path,
    results: Sequence[SubmissionResult],
    manifest: Manifest | None = None,
    meta: ReportMeta | None = None,
) -> Path:
    """Writes ``report.html`` and ``feedback/<student>.html`` into the folder ``out``.

    Args:
        out: The folder; made where it is missing.
        results: The class, in any order.
        manifest: The exercises; the course's own by default.
        meta: What the report says beside the results.

    Returns:
        The path of ``report.html``.
    """
    manifest, meta = manifest or load_manifest(), meta or ReportMeta()
    results = in_order(results)
    templates = _environment()
    pages = _write_feedback(out, results, manifest, meta, templates)
    data = payload(results, manifest, mistake_sentence, pages, addresses(out, results))
    text = templates.get_template("report.html.j2").render(
        meta=meta,
        results=results,
        isolation=", ".join(sorted({result.isolation for result in results})),
        summaries=summarise(results, manifest, mistake_sentence),
        outcomes=OUTCOMES,
        places={(r.student, r.assignment): place for place, r in enumerate(results)},
        data=Markup(inert_json(data)),
        scripts=[_asset(name) for name in _SCRIPTS],
    )
    return write_atomically(out / "report.html", text)


def _write_feedback(
    out: Path,
    results: Sequence[SubmissionResult],
    manifest: Manifest,
    meta: ReportMeta,
    templates: Environment,
) -> dict[str, str]:
    """Writes each student's page and gives its path relative to ``out``."""
    template = templates.get_template("feedback.html.j2")
    pages = {}
    for student, own in groupby(results, key=lambda result: result.student):
        pages[student] = f"feedback/{page_name(student)}"
        shown = [feedback_of(result, manifest) for result in own]
        text = template.render(meta=meta, student=printable(student), results=shown)
        write_atomically(out / pages[student], text)
    return pages


def printable(text: str) -> str:
    """Gives ``text`` with lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _environment() -> Environment:
    """Makes the templates' environment: everything is escaped, and a missing name is an error."""
    templates = Environment(
        loader=PackageLoader("autograder.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {"percent": _percent, "points": number, "duration": _duration}
    templates.filters.update(filters)
    templates.globals.update(css=_asset("style.css"), theme_js=_asset("theme.js"))
    return templates


def _asset(name: str) -> Markup:
    """Reads a style sheet or script of the package, which may stand in the page as it is."""
    folder = resources.files("autograder.report") / "templates"
    return Markup((folder / name).read_text(encoding="utf-8"))


def _percent(value: float) -> str:
    return f"{round(value * 100)} %"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
