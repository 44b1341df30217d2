"""Reads what students handed in, as data: nothing of it is ever run or unpickled here."""

from autograder.submission.answers import Answers, ManualAnswer, read_answers
from autograder.submission.files import SubmissionError
from autograder.submission.finding import Refusal, Submission, find_submissions

__all__ = [
    "Answers",
    "ManualAnswer",
    "Refusal",
    "Submission",
    "SubmissionError",
    "find_submissions",
    "read_answers",
]
