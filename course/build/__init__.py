"""Turns the sources of the course into `release/`: strict reading, stubs by nbgrader, leak scan."""

from course.build.errors import BuildError
from course.build.release import build, differences, solved_notebooks, write_nbgrader_course

__all__ = ["BuildError", "build", "differences", "solved_notebooks", "write_nbgrader_course"]
