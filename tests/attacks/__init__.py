"""Answers that try to fool, rob, break or stall the grader, and the proof that none can."""
