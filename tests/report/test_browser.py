"""The report in a real browser: drawn, searched, sorted, walked through by keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.report import write_report
from autograder.report.filenames import page_name
from course.manifest import load_manifest
from tests.report.classroom import HOSTILE, classroom

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZE = 1000
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(
        tmp_path_factory.mktemp("out"), classroom(load_manifest(), SIZE), load_manifest()
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, report: Path) -> Iterator[Any]:
    """Opens the report; at the end nothing may have failed, asked the network or popped up."""
    page = chromium.new_page()
    page.set_default_timeout(WAIT_MS)
    faults: list[str] = []

    def dismiss(dialog: Any) -> None:
        faults.append(dialog.message)
        dialog.dismiss()

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("dialog", dismiss)
    page.on("request", lambda r: None if r.url.startswith("file:") else faults.append(r.url))
    page.goto(report.as_uri())
    yield page
    assert faults == []
    page.close()


def names(page: Any) -> list[str]:
    found: list[str] = page.locator("#table tbody th").all_inner_texts()
    return found


def test_all_students_can_be_reached(page: Any) -> None:
    assert f"{SIZE} of {SIZE}" in page.inner_text("#shown")
    assert 0 < len(names(page)) < SIZE
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown = names(page)
    assert len(shown) == SIZE
    assert set(HOSTILE) <= set(shown)


def test_search_and_choice_narrow_the_table(page: Any) -> None:
    page.fill("#search", "garcia chloe")
    found = names(page)
    assert found
    assert all("Chloé García" in name for name in found)
    page.fill("#search", "")
    page.select_option("#show", "repaired")
    assert 0 < len(names(page)) < SIZE
    page.fill("#search", "no such student")
    assert names(page) == []
    assert "Nobody matches" in page.inner_text("#shown")


def test_sorting_by_points_and_its_announcement(page: Any) -> None:
    page.click("[data-sort=share]")
    assert page.locator("th[aria-sort=descending] [data-sort=share]").count() == 1
    cells = page.locator("#table tbody td.n:nth-child(2)").all_inner_texts()
    scores = [float(cell.split("/")[0]) for cell in cells]
    assert scores == sorted(scores, reverse=True)
    page.click("[data-sort=share]")
    cells = page.locator("#table tbody td.n:nth-child(2)").all_inner_texts()
    scores = [float(cell.split("/")[0]) for cell in cells]
    assert scores == sorted(scores)


def test_keyboard_alone_leads_to_a_student_and_back(page: Any) -> None:
    page.keyboard.press("/")
    page.keyboard.type("minh")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    name = page.evaluate("document.activeElement.textContent")
    assert name == names(page)[1]
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail h1")
    assert page.inner_text("#detail h1") == name
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.keyboard.press("Escape")
    page.wait_for_selector("#overview", state="visible")
    assert page.evaluate("document.activeElement.textContent") == name


@pytest.mark.parametrize("student", HOSTILE)
def test_hostile_name_is_shown_as_text(page: Any, student: str) -> None:
    page.fill("#search", student.split()[0])
    page.get_by_role("link", name=student, exact=True).first.click()
    assert page.inner_text("#detail h1") == student
    page.get_by_role("link", name="feedback page").click()
    assert page.inner_text("h1") == student


def test_exercise_and_misconception_pages(page: Any, report: Path) -> None:
    page.goto(report.as_uri() + "#/exercise/a1_1_forward")
    assert page.inner_text("#detail h1") == "The forward process"
    assert page.locator("#detail article").count() == SIZE
    page.locator("#detail .hint a").first.click()
    page.wait_for_selector("#overview", state="visible")
    assert page.input_value("#search")
    assert names(page)


@pytest.mark.parametrize(
    "address", ["#/student/9999", "#/student/x", "#/exercise/%ff", "#/toString"]
)
def test_unknown_address_shows_the_class(page: Any, report: Path, address: str) -> None:
    page.goto(report.as_uri() + address)
    assert page.is_visible("#overview")


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("hash_part", ["", "#/student/3", "#/exercise/a1_4_iterative"])
def test_no_width_needs_sideways_scrolling(
    page: Any, report: Path, width: int, hash_part: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report.as_uri() + hash_part)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_theme_follows_the_system_and_the_button(page: Any) -> None:
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", ["report.html#/", "report.html#/student/7", "report.html#/exercise/a1_1_forward", ""]
)
def test_axe_finds_no_barrier(chromium: Any, tmp_path: Path, scheme: str, address: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    manifest = load_manifest()
    results = classroom(manifest, 20, "ab")
    write_report(tmp_path, results, manifest)
    # axe is put into the page as a script, which the page's own policy forbids.
    context = chromium.new_context(bypass_csp=True, color_scheme=scheme)
    page = context.new_page()
    address = address or f"feedback/{page_name(results[-1].student)}"
    page.goto(f"{tmp_path.as_uri()}/{address}")
    found = axe.Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    context.close()
