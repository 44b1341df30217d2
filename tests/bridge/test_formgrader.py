"""Formgrader in JupyterLab, in a real browser, shows what we graded and keeps what people add."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from PIL import Image

from autograder.bridge.address import database_url
from course.build import write_nbgrader_course
from tests.bridge.courses import hand_in, nbgrader
from tests.bridge.lab import browser_page, formgrader, jupyterlab
from tests.bridge.postgres import needs_postgres, running
from tests.bridge.support import MANIFEST, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WRONG = "def forward(im, t, alphas_cumprod):\n    return im\n"
RUBRIC = MANIFEST.exercises["a1_1_figure"].rubric
SAID = "A **fine** figure."
GIVEN = {
    "a1_1_figure": "1.5",
    "a1_1_figure_extra_credit": "0.5",
    "a1_1_figure-comment": SAID,
    "a1_1_forward_check": "4",
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the gradebook is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/class/gradebook.db"
        return
    with running() as server:
        yield server.url


@pytest.fixture
def course(tmp_path: Path, url: str) -> Path:
    """A course of ours in nbgrader, with two submissions that are graded."""
    folder = tmp_path / "class"
    write_nbgrader_course(ROOT, folder)
    config = folder / "nbgrader_config.py"
    place = f'get_config().CourseDirectory.db_url = "{url}"  # noqa: F821\n'
    config.write_text(place + config.read_text())
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "PNG")
    nbgrader(folder, "generate_assignment", "part_a")
    hand_in(folder, "ada", picture=base64.b64encode(picture.getvalue()).decode())
    hand_in(folder, "李小龍", WRONG)
    nbgrader(folder, "autograde", "part_a")
    return folder


def comment_of(url: str, student: str) -> str:
    """What our grader says of an answer."""
    with Gradebook(database_url(url)) as gradebook:
        book: Any = gradebook
        return str(book.find_comment("a1_1_forward", "part_a", "part_a", student).auto_comment)


def row(frame: Any, name: str) -> list[str]:
    """The cells of a table's row."""
    line = frame.locator("tbody tr", has_text=name)
    line.wait_for()
    return [text.strip() for text in line.locator("td").all_inner_texts()]


def open_submission(frame: Any, student: str) -> None:
    """Goes where a person goes, from any page of formgrader."""
    frame.get_by_role("link", name="Manual Grading", exact=True).click()
    for _level in ("assignment", "notebook"):
        frame.locator("tbody").get_by_role("link", name="part_a", exact=True).click()
        frame.wait_for_load_state("networkidle")
    frame.locator("tbody a.name-hidden").first.wait_for()
    frame.get_by_role("button", name="Show All Names").click()
    frame.locator("tbody a.name-shown", has_text=student).click()
    frame.wait_for_function(
        "window.formgrader?.grades?.loaded && window.formgrader.comments.loaded"
    )


def enter(page: Any, frame: Any, place: str, value: str) -> None:
    """Types into a field, leaves it, and waits until the gradebook has it."""
    with page.expect_response(lambda r: r.request.method == "PUT" and "/api/" in r.url) as saved:
        frame.locator(f"[id='{place}']").fill(value)
        frame.locator(f"[id='{place}']").blur()
    assert saved.value.ok


def fields(frame: Any) -> dict[str, str]:
    """What people have given, as the page of a submission shows it."""
    return {place: frame.locator(f"[id='{place}']").input_value() for place in GIVEN}


def see_the_class(frame: Any) -> None:
    """The tables show each student's points."""
    frame.locator("tbody tr", has_text="part_a").locator(".num-submissions a").click()
    assert row(frame, "ada")[4] == "5 / 100"
    assert "needs manual grading" in row(frame, "ada")[3]
    assert row(frame, "李小龍")[4] == "1 / 100"


def see_the_answers(frame: Any, url: str) -> None:
    """A page shows our score, our comment, the rubric above the hand-graded cell, its picture."""
    open_submission(frame, "李小龍")
    assert frame.get_attribute("#a1_1_forward_check", "placeholder") == "1"
    said = comment_of(url, "李小龍")
    assert len(said) > 20
    assert frame.get_attribute("#a1_1_forward-comment", "placeholder") == said
    open_submission(frame, "ada")
    assert frame.get_attribute("#a1_1_forward_check", "placeholder") == "5"
    assert "passed: noise (2 of 2)" in frame.inner_text("body")
    cell = frame.locator("[id='cell-id=a1_1_figure']")
    above = cell.locator("xpath=preceding-sibling::*[1]").inner_text()
    assert all(line in above for line in RUBRIC)
    assert cell.locator("img").evaluate("picture => picture.naturalWidth") == 64
    assert cell.locator("input.needs_manual_grade").count() == 1
    assert "alert(1)" in frame.inner_text("body")


def picture(page: Any, frame: Any, path: Path) -> None:
    """Takes a picture of what people have given, when the page has scrolled there."""
    frame.locator("[id='a1_1_forward_check']").focus()
    page.wait_for_timeout(2000)
    page.screenshot(path=path)


def grade_again(folder: Path, url: str, out: Path) -> None:
    """Grades the class by our own command."""
    words = ["grade", str(folder / "submitted"), "--out", str(out), "--gradebook", url]
    command = [sys.executable, "-m", "autograder", *words, "--workers", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr


def test_a_person_grades_in_formgrader(course: Path, url: str, tmp_path: Path) -> None:
    """Scores, comments and rubrics are seen; what is added by hand outlives two re-gradings."""
    with jupyterlab(course, tmp_path / "jupyter") as address, browser_page(address) as page:
        frame = formgrader(page, address)
        see_the_class(frame)
        page.screenshot(path=tmp_path / "1-class.png")
        see_the_answers(frame, url)
        for place, value in GIVEN.items():
            enter(page, frame, place, value)
        picture(page, frame, tmp_path / "2-by-hand.png")
        open_submission(frame, "ada")
        assert fields(frame) == GIVEN

        hand_in(course, "ada", WRONG)
        nbgrader(course, "autograde", "part_a", "--force")
        open_submission(frame, "ada")
        assert fields(frame) == GIVEN
        assert frame.get_attribute("#a1_1_forward_check", "placeholder") == "1"
        assert frame.locator("#a1_1_forward_check.needs_manual_grade").count() == 1
        picture(page, frame, tmp_path / "3-graded-again.png")

        # Our own command makes the copies that formgrader needs, too.
        shutil.rmtree(course / "autograded")
        hand_in(course, "ada")
        grade_again(course, url, tmp_path / "out")
        open_submission(frame, "ada")
        assert fields(frame) == GIVEN
        assert frame.get_attribute("#a1_1_forward_check", "placeholder") == "5"
        frame.get_by_role("link", name="Manual Grading", exact=True).click()
        frame.get_by_role("link", name="Manage Students", exact=True).click()
        assert row(frame, "ada")[3] == "6 / 100"
        page.screenshot(path=tmp_path / "4-students.png")
    nbgrader(course, "generate_feedback", "part_a")
    feedback = (course / "feedback/ada/part_a/part_a.html").read_text("utf-8")
    assert "A <strong>fine</strong> figure." in feedback
    nbgrader(course, "export")
    assert "ada" in (course / "grades.csv").read_text("utf-8")
