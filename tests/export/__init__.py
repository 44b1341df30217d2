"""Tests of `autograder.export`."""
