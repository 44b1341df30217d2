"""Tests of the reference solutions, against oracles that share no code with them."""
