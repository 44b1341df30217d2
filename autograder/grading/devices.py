"""Which exercises run on a GPU, and which cards there are for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from course.manifest import Exercise

from ..sandbox import gpus
from ..sandbox.gpus import Gpu
from ..sandbox.levels import IsolationError

CHOICES = ("auto", "cpu", "cuda")


class DeviceError(IsolationError):
    """The device that was asked for is not to be had here."""


@dataclass(frozen=True)
class Devices:
    """Where answers run.

    Attributes:
        choice: One of `CHOICES`; auto is each exercise's own device, where there is a GPU.
        slots: The card of each GPU worker that may run at the same time.
        notes: Lines for the instructor.
    """

    choice: str = "cpu"
    slots: tuple[Gpu, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def of(self, exercise: Exercise) -> str:
        """The device class of an exercise, "cpu" or "cuda"."""
        wanted = self.choice == "cuda" or (self.choice == "auto" and exercise.device == "cuda")
        return "cuda" if wanted and self.slots and not exercise.manual else "cpu"


def choose(
    choice: str, slots: int | None, exercises: Iterable[Exercise], trains: bool = False
) -> Devices:
    """The devices of a run.

    Args:
        choice: One of `CHOICES`.
        slots: GPU workers at the same time; None for one on each visible card.
        exercises: What will be graded.
        trains: Whether a GPU is of use whatever the exercises say, for trainings.

    Raises:
        DeviceError: An unknown choice, or "cuda" where there is no GPU.
    """
    if choice not in CHOICES:
        raise DeviceError(f"--device {choice}: there are {', '.join(CHOICES)}")
    meant = [exercise.id for exercise in exercises if exercise.device == "cuda"]
    if choice == "cpu" or (choice == "auto" and not meant and not trains):
        return Devices("cpu")
    cards = gpus.visible()
    if cards:
        return Devices(choice, _spread(cards, slots or len(cards)))
    if choice == "cuda":
        raise DeviceError(
            "--device cuda: this host has no NVIDIA GPU that this process may use (see "
            "CUDA_VISIBLE_DEVICES); --device cpu grades without one"
        )
    if not meant:
        return Devices("cpu")
    note = f"this host has no GPU: {', '.join(meant)} ran on the CPU, where it takes longer"
    return Devices("cpu", notes=(note,))


def _spread(cards: tuple[Gpu, ...], slots: int) -> tuple[Gpu, ...]:
    """A card for each slot, in turn; where several slots share one, each knows that."""
    chosen = [cards[number % len(cards)] for number in range(slots)]
    return tuple(replace(card, shared=chosen.count(card) > 1) for card in chosen)
