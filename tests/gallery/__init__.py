"""Tests of course/gallery."""
