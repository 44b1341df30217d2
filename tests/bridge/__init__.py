"""Tests of `autograder.bridge`."""
