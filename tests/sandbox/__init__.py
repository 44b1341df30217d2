"""Tests of isolation levels, fork servers and workers, with real processes."""
