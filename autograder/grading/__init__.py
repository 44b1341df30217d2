"""From notebooks to results: one exercise, one submission, one class."""
