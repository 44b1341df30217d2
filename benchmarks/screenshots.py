"""The README's pictures of the report: `python -m benchmarks.screenshots demo/results`.

Draws a report with Chromium as a person sees it: the class at a glance, and one wrong answer with
its diagnosis and picture. It measures nothing; it stands here since it needs what tests need.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

FIGURES = Path(__file__).resolve().parents[1] / "course" / "figures"
WIDTH, HEIGHT = 1180, 900


def draw(report: Path, student: str, exercise: str, out: Path) -> None:
    """Writes report.png and report_answer.png.

    Args:
        report: The page.
        student: Whose answer is shown.
        exercise: Its title in the report.
        out: An existing folder.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page: Any = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.resolve().as_uri())
        page.screenshot(path=out / "report.png")
        page.get_by_role("link", name=student, exact=True).first.click()
        answer = page.locator("article.answer", has=page.get_by_role("link", name=exercise))
        answer.first.screenshot(path=out / "report_answer.png")
        browser.close()


def main(
    results: Annotated[Path, typer.Argument(help="Folder that `autograder grade --out` wrote.")],
    student: Annotated[str, typer.Option(help="Whose answer is shown.")] = "alan",
    exercise: Annotated[str, typer.Option(help="Title of its exercise.")] = "Visual anagrams",
    out: Annotated[Path, typer.Option(help="Where the pictures go.")] = FIGURES,
) -> None:
    """Draws the README's pictures of the report."""
    draw(results / "report.html", student, exercise, out)
    print(f"{out / 'report.png'} and {out / 'report_answer.png'}")


if __name__ == "__main__":
    typer.run(main)
