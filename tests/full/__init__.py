"""Tests of the full tier, on trainings of a few steps."""
