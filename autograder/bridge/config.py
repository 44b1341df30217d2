"""The one line of `nbgrader_config.py` that leads `nbgrader autograde` to our grader."""

from __future__ import annotations

from typing import Any

from .address import database_url

# The course of a gradebook that nbgrader is told none for.
DEFAULT_COURSE = "default_course"


def configure(config: Any) -> None:
    """Makes `nbgrader autograde` grade the course's notebooks by the hidden checks.

    Write into ``nbgrader_config.py``::

        from autograder.bridge import configure
        configure(get_config())

    No kernel is started for ``part_a`` and ``part_b``; other notebooks are graded by nbgrader as
    before. Late penalties, extensions and every other option of nbgrader keep their meaning.

    A gradebook in PostgreSQL is named above these lines, by ``c.CourseDirectory.db_url``.

    Args:
        config: What `get_config()` gives.
    """
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader import preprocessors as steps

    from .preprocessors import GradeAnswers, SaveScores, for_others

    tidy = (steps.ClearOutput, steps.DeduplicateIds)
    overwrite = (steps.OverwriteCells, steps.CheckCellMetadata)
    config.Autograde.sanitize_preprocessors = [
        GradeAnswers,
        *map(for_others, tidy),
        steps.OverwriteKernelspec,
        *map(for_others, overwrite),
    ]
    config.Autograde.autograde_preprocessors = [
        for_others(steps.Execute),
        steps.IgnorePattern,
        ClearMetadataPreprocessor,
        steps.LimitOutput,
        for_others(steps.SaveAutoGrades),
        SaveScores,
        steps.AssignLatePenalties,
        steps.CheckCellMetadata,
    ]
    place = config.CourseDirectory.get("db_url")
    if isinstance(place, str) and place.startswith("postgres"):
        config.CourseDirectory.db_url = database_url(place)
        # PostgreSQL wants each assignment's course to be there, and nbgrader makes none of no name.
        if not config.CourseDirectory.get("course_id"):
            config.CourseDirectory.course_id = DEFAULT_COURSE
