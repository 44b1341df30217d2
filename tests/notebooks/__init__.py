"""Tests that run the notebooks of the release."""
