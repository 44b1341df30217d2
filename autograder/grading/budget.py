"""What one submission may use: a share for each exercise, until nothing is left."""

from __future__ import annotations

from dataclasses import replace

from course.exercise import SubmissionLimits
from course.manifest import Limits

# An exercise that is begun has at least this long, in seconds.
LEAST = 1.0


class Budget:
    """Counts the time of a submission's exercises.

    Args:
        limits: What the submission may use.
    """

    def __init__(self, limits: SubmissionLimits) -> None:
        self.limits = limits
        self.wall = limits.wall
        self.cpu = limits.cpu

    def spend(self, wall: float, cpu: float) -> None:
        """Takes what an exercise used, in seconds."""
        self.wall -= wall
        self.cpu -= cpu

    def share(self, limits: Limits) -> Limits:
        """An exercise's limits, lowered to what is left of the submission's."""
        return replace(limits, wall=min(limits.wall, self.wall), cpu=min(limits.cpu, self.cpu))

    @property
    def exhausted(self) -> str | None:
        """Why nothing more is run, for the student; None while something is left."""
        for left, limit, what in (
            (self.wall, self.limits.wall, "seconds"),
            (self.cpu, self.limits.cpu, "seconds of processor time"),
        ):
            if left < LEAST:
                return (
                    f"Your notebook used the {limit:g} {what} that all its exercises together "
                    "may use before this one was reached, so it was not run."
                )
        return None
