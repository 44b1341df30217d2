"""One result, many readers: the same grades in the forms that other systems take in."""

from autograder.export.exporting import FORMATS, ExportError, export, export_file

__all__ = ["FORMATS", "ExportError", "export", "export_file"]
