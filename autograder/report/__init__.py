"""Pages for people: the instructor's report of a class and each student's feedback."""

from autograder.report.pictures import keep_pictures
from autograder.report.writing import ReportMeta, write_report

__all__ = ["ReportMeta", "keep_pictures", "write_report"]
