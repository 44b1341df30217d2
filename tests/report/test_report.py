"""The written pages, read back with an HTML parser of the standard library."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder.report import ReportMeta, write_report
from autograder.report.filenames import page_name
from autograder.report.payload import inert_json
from autograder.results import SubmissionResult
from course.manifest import Manifest, load_manifest
from tests.report.classroom import HOSTILE, classroom

VOID = {"meta", "br", "input", "line", "rect", "img", "link"}


class Page(HTMLParser):
    """Collects elements, attributes and texts, and sees that elements are closed in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def text(self) -> str:
        return " ".join(
            " ".join(t for tag, t in self.texts if tag not in ("script", "style")).split()
        )

    def data(self) -> Any:
        """Gives the embedded data."""
        index = next(i for i, (_, a) in enumerate(self.tags) if a.get("id") == "data")
        assert self.tags[index][1]["type"] == "application/json"
        return json.loads(next(t for tag, t in self.texts if tag == "script" and t.startswith("{")))


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load_manifest()


@pytest.fixture(scope="module")
def results(manifest: Manifest) -> list[SubmissionResult]:
    return classroom(manifest, 30, "ab")


@pytest.fixture(scope="module")
def out(
    tmp_path_factory: pytest.TempPathFactory, manifest: Manifest, results: list[SubmissionResult]
) -> Path:
    folder = tmp_path_factory.mktemp("out")
    notice = "<b>zoe</b>/part_z is no assignment of this course"
    write_report(folder, results, manifest, ReportMeta("Diffusion", "today", 75, (notice,)))
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> Page:
    return Page(out / "report.html")


def test_all_students_are_there_with_their_scores(
    page: Page, results: list[SubmissionResult]
) -> None:
    data = page.data()
    shown = {(s[0], data["texts"][s[1]]): (s[2], s[3]) for s in data["submissions"]}
    assert shown == {(r.student, r.assignment): (r.score, r.max_score) for r in results}


def test_every_answer_reads_back_from_the_data(page: Page, results: list[SubmissionResult]) -> None:
    data = page.data()
    texts = data["texts"]
    ordered = sorted(results, key=lambda r: (r.student, r.assignment))
    for submission, result in zip(data["submissions"], ordered, strict=True):
        for answer, exercise in zip(submission[10], result.exercises, strict=True):
            key, score, points, outcome, diagnosis, message, checks, _ = answer
            assert data["exercises"][key]["id"] == exercise.id
            assert (score, points, texts[message]) == (
                exercise.score,
                exercise.max_score,
                exercise.message,
            )
            assert data["outcomes"][outcome] in (exercise.status, "partial")
            assert (texts[diagnosis] if diagnosis >= 0 else None) == exercise.diagnosis
            assert [texts[c[0]] for c in checks] == [c.name for c in exercise.checks]


def test_hostile_names_and_notices_stay_text(page: Page, out: Path) -> None:
    scripts = [a for tag, a in page.tags if tag == "script"]
    assert len(scripts) == 5
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert "<b>zoe</b>/part_z is no assignment" in page.text()
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    for student in HOSTILE:
        feedback = Page(out / "feedback" / page_name(student))
        assert student in feedback.text()
        assert len([tag for tag, _ in feedback.tags if tag == "script"]) == 1
        assert not [tag for tag, _ in feedback.tags if tag == "img"]


@pytest.mark.parametrize("name", ["report.html", "feedback"])
def test_nothing_is_fetched(out: Path, name: str) -> None:
    paths = [out / name] if name.endswith("html") else sorted((out / name).iterdir())
    for path in paths:
        page = Page(path)
        assert not re.search(r"https?:|//\w|url\(|@import", page.source)
        policy = next(a for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
        assert (policy["content"] or "").startswith("default-src 'none'")
        for _, attributes in page.tags:
            assert "src" not in attributes
            assert (attributes.get("href") or "#").startswith("#")


def test_overview_says_what_the_class_did(page: Page, manifest: Manifest) -> None:
    text = page.text()
    for words in ("60 submissions", "isolation strict", "graded in 75 s", "Commonest misconc"):
        assert words in text
    for exercise in manifest.exercises.values():
        assert exercise.title in text
    histograms = [a["aria-label"] or "" for tag, a in page.tags if tag == "svg"]
    counts = [sum(map(int, re.findall(r"%: (\d+)", label))) for label in histograms]
    assert counts == [30, 30]


def test_feedback_has_no_word_of_the_class_or_of_hidden_material(
    out: Path, results: list[SubmissionResult]
) -> None:
    slugs = {e.diagnosis for r in results for e in r.exercises if e.diagnosis}
    for path in (out / "feedback").iterdir():
        text = Page(path).text()
        assert "isolation" not in text
        assert not [slug for slug in slugs if slug in text]
        others = {r.student for r in results if page_name(r.student) != path.name}
        assert not [name for name in others if name in text]


def test_same_results_give_the_same_pages(
    tmp_path: Path, manifest: Manifest, results: list[SubmissionResult]
) -> None:
    write_report(tmp_path / "a", results, manifest)
    write_report(tmp_path / "b", list(reversed(results)), manifest)
    first = {p.relative_to(tmp_path / "a"): p.read_bytes() for p in tmp_path.glob("a/**/*.html")}
    again = {p.relative_to(tmp_path / "b"): p.read_bytes() for p in tmp_path.glob("b/**/*.html")}
    assert first == again
    assert len(first) == 31


def test_class_without_results_still_has_a_report(tmp_path: Path, manifest: Manifest) -> None:
    page = Page(write_report(tmp_path, [], manifest))
    assert page.data()["submissions"] == []
    assert "0 submissions" in page.text()


def test_submission_without_exercises_and_unknown_exercise(
    tmp_path: Path, manifest: Manifest, results: list[SubmissionResult]
) -> None:
    empty = replace(results[0], exercises=(), score=0, max_score=0)
    odd = replace(results[0].exercises[2], id="x_<unknown>", diagnosis="never-seen")
    strange = replace(results[0], student="bj\udcf6rn", exercises=(odd,))
    page = Page(write_report(tmp_path, [empty, strange], manifest))
    assert "x_<unknown>" in page.text()
    assert [s[0] for s in page.data()["submissions"]] == [empty.student, "bj\udcf6rn"]
    assert "bj\\udcf6rn" in Page(tmp_path / "feedback" / page_name("bj\udcf6rn")).text()


def test_inert_json_cannot_end_its_script() -> None:
    data = ["</script>", "<!--", "]]>", "&amp;", "\u2028", "\ud800", "'"]
    text = inert_json(data)
    assert text.isascii()
    assert not set(text) & set("<>&'")
    assert json.loads(text) == data


def test_page_names_are_safe_and_never_shared() -> None:
    names = ["bob", "Bob", "BOB", "con", "COM1", "..", ".", "", "a/b", "a\\b", "a:b", "x" * 300]
    names += ["bob\n", "bob ", "\udcf6", page_name("Bob").removesuffix(".html"), *HOSTILE]
    pages = [page_name(name) for name in names]
    assert len({page.lower() for page in pages}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}\.html", page) for page in pages)
    assert pages[0] == "bob.html"
