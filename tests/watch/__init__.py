"""Tests of `autograder.watch`."""
