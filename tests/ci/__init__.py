"""Tests of the workflows in `.github/`."""
