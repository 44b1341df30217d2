"""Lets `python -m course` stand for the `course` command."""

from course.cli import main

if __name__ == "__main__":
    main()
