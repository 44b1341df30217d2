"""Tests of grading a class: results, journal, crew, command line."""
