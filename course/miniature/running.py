"""The course of a training run: when it steps, measures, keeps and ends."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from . import group
from .errors import MiniatureError
from .journal import CHECKPOINT, Journal
from .training import Training

BLOCK = 20
"""Steps between looks at the clock, which all processes share."""


class Run:
    """A run that ends after a time, or after a number of steps.

    Args:
        training: What is trained.
        journal: Folder of all that is written.
        seconds: Time that the run takes, but for its last measurement and export.
        steps: Number of steps; then the time does not count.
        say: Prints a line.
    """

    def __init__(
        self,
        training: Training,
        journal: Journal,
        seconds: float,
        steps: int | None,
        say: Callable[[str], None],
    ) -> None:
        self.training, self.journal, self.say = training, journal, say
        self.seconds, self.steps = seconds, steps
        self._first, self._earlier = training.steps, training.seconds
        self._start = time.monotonic()
        self._seen, self._since = training.images, self._start
        self._slow = self._progress = 0.0

    def train(self) -> None:
        """Train to the end, and leave log, samples, export and checkpoint behind.

        Raises:
            MiniatureError: If the loss is no number any more, or something cannot be written.
        """
        run = self.training.config.run
        measured, kept, done = -run.every, 0.0, False
        while not done:
            elapsed = group.agree(time.monotonic() - self._start)
            done = self._ended(elapsed)
            if not done:
                self._block()
            self.training.seconds = self._earlier + elapsed
            if done or elapsed >= measured + run.every:
                measured = elapsed
                self._report(elapsed)
            if done or elapsed >= kept + run.export:
                kept = elapsed
                self._keep()

    def _ended(self, elapsed: float) -> bool:
        """Whether the run is over; notes how much of it is done."""
        made = self.training.steps - self._first
        if self.steps is not None:
            self._progress = made / self.steps
            return made >= self.steps
        if made == BLOCK:
            self._slow = elapsed  # compiling is over: the schedule starts here
        if made:
            left = max(self.seconds - self._slow, 1e-9)
            self._progress = max(0.0, (elapsed - self._slow) / left)
        return elapsed >= self.seconds

    def _block(self) -> None:
        for _ in range(BLOCK):
            if self.steps is not None:
                made = self.training.steps - self._first
                if made >= self.steps:
                    break
                self._progress = made / self.steps
            self.training.step(self._progress)

    def _report(self, elapsed: float) -> None:
        """Log losses and speed since the last report, and the losses on fixed pictures."""
        training = self.training
        losses = training.losses()
        passed = time.monotonic() - self._since
        if not all(map(math.isfinite, losses)):
            raise MiniatureError(
                f"the loss is {losses[0]} after {training.steps} steps: lower the rates in "
                f"the configuration, or resume from {self.journal.folder / CHECKPOINT}"
            )
        entry = {"seconds": elapsed, "steps": training.steps, "images": training.images}
        if training.images > self._seen:
            speed = (training.images - self._seen) / max(passed, 1e-9)
            entry |= {"speed": speed, "loss": losses[0], "variance": losses[1]}
        if group.rank() == 0:
            measured = training.measure()
            self.journal.write(entry | {"progress": self._progress} | measured, self.say)
        self._seen, self._since = training.images, time.monotonic()

    def _keep(self) -> None:
        """Write samples, export and checkpoint, and make all processes equal again."""
        group.align(self.training.updater.flat["master"])
        before = time.monotonic()
        if group.rank() == 0:
            self.journal.keep(self.training)
        self._since += time.monotonic() - before  # that was no training
