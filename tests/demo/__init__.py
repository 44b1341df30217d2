"""Tests of the sample class."""
