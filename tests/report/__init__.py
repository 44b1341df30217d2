"""Tests of `autograder.report`."""
