"""What the one line of configuration sets, beside the steps that grade."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets.config import Config

from autograder.bridge import configure

URL = "postgresql://grader@localhost/course"


def configured(**course: str) -> Any:
    config: Any = Config({"CourseDirectory": course})
    configure(config)
    return config.CourseDirectory


def test_postgresql_gets_its_driver_and_a_course() -> None:
    """Nbgrader itself fails there without the name of a course."""
    course = configured(db_url=URL)
    assert course.db_url == URL.replace("postgresql:", "postgresql+psycopg:")
    assert course.course_id == "default_course"
    assert configured(db_url=URL, course_id="cs180").course_id == "cs180"


@pytest.mark.parametrize("course", [{}, {"db_url": "sqlite:///gradebook.db"}])
def test_other_gradebooks_are_left_alone(course: dict[str, str]) -> None:
    assert dict(configured(**course)) == course
