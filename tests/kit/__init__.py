"""Tests of the kit that students import."""
