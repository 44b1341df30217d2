"""Correct answers in other styles by exercise: every check must pass them."""
