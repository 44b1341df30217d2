"""Lets `python -m course.miniature` stand for `course miniature`, with few packages at hand."""

from .command import app

if __name__ == "__main__":
    app()
