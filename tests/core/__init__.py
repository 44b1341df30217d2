"""Tests of the protocol, the executor, served objects, checks and the bank of answers."""
