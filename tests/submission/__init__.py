"""Tests of `autograder.submission`."""
