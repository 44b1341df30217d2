"""The grader: hidden checks on the trusted side, students' code in a worker process."""
