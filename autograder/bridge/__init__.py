"""The way into nbgrader: its gradebook filled in, and `nbgrader autograde` led to our grader.

Importing this is cheap: nbgrader and torch are loaded when they are needed.
"""

from autograder.bridge.config import configure
from autograder.bridge.errors import GradebookError
from autograder.bridge.writer import GradebookWriter

__all__ = ["GradebookError", "GradebookWriter", "configure"]
