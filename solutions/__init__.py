"""Reference solutions of the course: the one place where each exercise's code is written."""
