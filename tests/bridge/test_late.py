"""Late submissions, extensions, extra credit and late-penalty plugins keep their meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.bridge import GradebookError, GradebookWriter
from tests.bridge.courses import CONFIG, hand_in, nbgrader
from tests.bridge.support import MANIFEST, graded, opened

DUE = "2030-01-31 12:00:00 UTC"
LATE = "2030-01-31 15:00:00 UTC"
# One point for each hour.
PLUGIN = """
from nbgrader.plugins import BasePlugin


class Hourly(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 3600


c = get_config()
c.AssignLatePenalties.plugin_class = Hourly
"""


@pytest.fixture
def course(book: Path, tmp_path: Path) -> Path:
    """A course with a due date, a penalty plugin, and a late and a punctual student."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG + PLUGIN)
    for student, text in {"ada": LATE, "bob": DUE}.items():
        path = hand_in(tmp_path, student)
        (path.parent / "timestamp.txt").write_text(text)
    with opened(book) as gradebook:
        gradebook.update_or_create_assignment("part_a", duedate=DUE)
    return tmp_path


def penalties(folder: Path) -> dict[str, tuple[float, float]]:
    """Each student's score, and the penalty that comes off it."""
    with opened(folder / "gradebook.db") as gradebook:
        found = {}
        for submission in gradebook.assignment_submissions("part_a"):
            late = submission.late_submission_penalty
            found[submission.student.id] = (submission.score, late)
        found.pop("earlier")
        return found


def extend(folder: Path) -> None:
    with opened(folder / "gradebook.db") as gradebook:
        gradebook.grant_extension("part_a", "ada", hours=3)


def test_our_command_assigns_the_penalties_of_the_course(course: Path) -> None:
    """By the plugin in `nbgrader_config.py`; an extension takes the penalty away."""
    writer = GradebookWriter(str(course / "gradebook.db"), MANIFEST)
    results = [graded("ada"), graded("bob")]
    score = results[0].score
    writer.write(results, course / "submitted")
    assert penalties(course) == {"ada": (score, 3), "bob": (score, 0)}
    with opened(course / "gradebook.db") as gradebook:
        grade = gradebook.find_grade("a1_1_figure", "part_a", "part_a", "ada")
        grade.manual_score, grade.extra_credit = 1.5, 0.5
        gradebook.db.commit()
    extend(course)
    writer.write(results, course / "submitted")
    assert penalties(course) == {"ada": (score + 2, 0), "bob": (score, 0)}


def test_a_penalty_takes_no_more_than_the_score(course: Path) -> None:
    """Nor less than nothing, as in nbgrader."""
    writer = GradebookWriter(str(course / "gradebook.db"), MANIFEST)
    config = course / "nbgrader_config.py"
    for hours, expected in {"100 * ": graded().score, "-1 * ": 0}.items():
        config.write_text(CONFIG + PLUGIN.replace("return ", f"return {hours}"))
        writer.write([graded("ada")], course / "submitted")
        assert penalties(course)["ada"][1] == expected


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of"),
        ("c = get_config(\n", "SyntaxError"),
        (
            "get_config().AssignLatePenalties.plugin_class = 'nowhere.Plugin'",
            "nowhere",
        ),
    ],
)
def test_a_broken_configuration_is_told_before_the_class_is_graded(
    course: Path, config: str, words: str
) -> None:
    """In one line with the file's name; nothing is written without the penalties."""
    (course / "nbgrader_config.py").write_text(config)
    writer = GradebookWriter(str(course / "gradebook.db"), MANIFEST)
    before = (course / "gradebook.db").read_bytes()
    for do in (writer.check, lambda folder: writer.write([graded("ada")], folder)):
        with pytest.raises(GradebookError, match=words) as caught:
            do(course / "submitted")
        assert str(course / "nbgrader_config.py") in str(caught.value)
        assert "\n" not in str(caught.value)
    assert (course / "gradebook.db").read_bytes() == before


def test_a_plugin_that_fails_is_told(course: Path) -> None:
    """The scores are in the gradebook, and who misses a penalty is named."""
    broken = PLUGIN.replace("return ", "return 1 / 0 * ")
    (course / "nbgrader_config.py").write_text(CONFIG + broken)
    writer = GradebookWriter(str(course / "gradebook.db"), MANIFEST)
    with pytest.raises(GradebookError, match=r"failed for ada/part_a \(ZeroDivisionError"):
        writer.write([graded("ada")], course / "submitted")
    assert penalties(course)["ada"] == (graded("ada").score, 0)


@pytest.mark.slow
def test_nbgrader_assigns_the_same(course: Path) -> None:
    """`nbgrader autograde` through our boundary: penalty, extension, extra credit, export."""
    nbgrader(course, "autograde", "part_a")
    assert penalties(course) == {"ada": (5, 3), "bob": (5, 0)}
    with opened(course / "gradebook.db") as gradebook:
        grade = gradebook.find_grade("a1_1_forward_check", "part_a", "part_a", "bob")
        grade.extra_credit = 0.5
        gradebook.db.commit()
    extend(course)
    nbgrader(course, "autograde", "part_a", "--force")
    assert penalties(course) == {"ada": (5, 0), "bob": (5.5, 0)}
    nbgrader(course, "generate_feedback", "part_a")
    nbgrader(course, "export")
    rows = (course / "grades.csv").read_text("utf-8").splitlines()
    assert sum(",bob," in row and ",5.5," in row for row in rows) == 1
