"""Packs the grader for systems that run it themselves: Gradescope's autograder zip."""

from autograder.bundle.packing import BundleError, write_bundle

__all__ = ["BundleError", "write_bundle"]
