"""What stops a build: one line that says where, what and what to do."""

from __future__ import annotations


class BuildError(Exception):
    """The sources do not give a release; the message starts with file and line.

    Attributes:
        problems: One line for each thing to mend.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
