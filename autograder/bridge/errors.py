"""What can be wrong with a gradebook, in a line for the instructor."""

from __future__ import annotations


class GradebookError(Exception):
    """A gradebook that cannot be used; the text says why and what to do."""
