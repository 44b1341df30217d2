"""Known wrong answers by exercise: they test the checks and name misconceptions."""
