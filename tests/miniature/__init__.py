"""Tests of `course.miniature`."""
