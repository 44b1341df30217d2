"""GitHub Classroom's reporter and the step summary of a workflow."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.report.filenames import safe_stem
from autograder.results import ExerciseResult, SubmissionResult, number

_STATUSES = {"passed": "pass", "error": "error", "timeout": "error"}
_GLYPHS = {"passed": "✅", "error": "💥", "timeout": "⏱️", "missing": "➖", "manual": "✏️"}


def github_files(results: Sequence[SubmissionResult]) -> Mapping[str, str]:
    """Makes two files for each submission in ``github/<assignment>``.

    ``<student>.b64`` is what the reporter takes as a runner's result; ``<student>.md`` is for
    ``$GITHUB_STEP_SUMMARY``.
    """
    files = {}
    for result in results:
        stem = f"github/{safe_stem(result.assignment)}/{safe_stem(result.student)}"
        text = json.dumps(reporter_result(result), ensure_ascii=True, allow_nan=False)
        files[f"{stem}.b64"] = base64.b64encode(text.encode("ascii")).decode("ascii") + "\n"
        files[f"{stem}.md"] = step_summary(result)
    return files


def reporter_result(result: SubmissionResult) -> dict[str, Any]:
    """Gives one submission as a runner gives it to GitHub Classroom's reporter."""
    graded = [e for e in result.exercises if e.status != "manual"]
    statuses = {_STATUSES.get(e.status, "fail") for e in graded}
    status = next((s for s in ("error", "fail") if s in statuses), "pass" if graded else "error")
    return {
        "version": 1,
        "status": status,
        "max_score": number(sum(e.max_score for e in graded)),
        "tests": [_test(result, exercise) for exercise in graded],
    }


def _test(result: SubmissionResult, exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "name": exercise.id,
        "status": _STATUSES.get(exercise.status, "fail"),
        "message": exercise.message,
        "test_code": f"{number(exercise.max_score)} points",
        "filename": f"{result.assignment}.ipynb",
        "line_no": 0,
        "duration": 0,
        "score": number(exercise.score),
    }


def step_summary(result: SubmissionResult) -> str:
    """Gives one submission as Markdown; nothing that a student wrote is markup in it."""
    total = f"{number(result.score)} of {number(result.max_score)} points"
    lines = [
        f"## {_plain(result.assignment)}: {total}",
        "",
        "| | Exercise | Points | |",
        "|---|---|--:|---|",
    ]
    for e in result.exercises:
        glyph = _GLYPHS.get(e.status, "❌")
        points = f"{number(e.score)} / {number(e.max_score)}"
        lines.append(f"| {glyph} | {_plain(e.id)} | {points} | {_plain(e.message)} |")
    if result.repairs:
        lines += ["", "How the notebook was read:", ""]
        lines += [f"- {_plain(repair)}" for repair in result.repairs]
    lines += ["", f"Graded in {number(result.seconds)} s, isolation {_plain(result.isolation)}."]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Escapes all punctuation that Markdown can give a meaning, on one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
