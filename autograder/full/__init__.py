"""The full tier: what a student trained in the notebook, proven by its record and measured."""
