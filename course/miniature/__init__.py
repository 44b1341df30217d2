"""The miniature: a text-to-image model that a laptop runs. Its data, training and evaluation."""
