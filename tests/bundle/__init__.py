"""Tests of `autograder.bundle`."""
