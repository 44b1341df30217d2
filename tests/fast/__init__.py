"""Tests of the accelerated reference and of the reproduction."""
