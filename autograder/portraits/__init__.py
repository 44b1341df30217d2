"""Portraits: what an answer makes of a drawing, beside what the solution makes of it.

A wrong answer is run once more, on inputs that a person can read, with a network that knows the
drawing: a right loop ends in the drawing, a wrong one shows by its picture what it does. They are
for the instructor's report. They are made of numbers on the trusted side: no file of a student is
opened.
"""

from __future__ import annotations

from .render import encode
from .taking import portrait

__all__ = ["encode", "portrait"]
