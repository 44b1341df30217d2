"""Tests of the benchmarks' commands, not of any number that they give."""
