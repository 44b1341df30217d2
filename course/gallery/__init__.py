"""All of Part A by one command: the reference solutions with the course's model, as figures."""
