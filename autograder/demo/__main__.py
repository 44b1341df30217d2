"""`python -m autograder.demo FOLDER`: writes the sample class as nbgrader's submitted folder."""

from __future__ import annotations

import sys
from pathlib import Path

from .write import write_class


def main(arguments: list[str]) -> int:
    """Writes the class; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python -m autograder.demo FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "not empty" if folder.is_dir() else "not a folder"
        print(f"{folder} is {what}: give a folder that is new or empty", file=sys.stderr)
        return 2
    students = write_class(folder)
    print(f"{len(students)} students handed in: {', '.join(students)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
