"""Part B of the report by one command: training, numbers, figures."""
