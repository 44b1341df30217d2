"""Which answers a training takes, and what stands in for one that is broken or missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .presets import Kind
from .standins import STANDINS

INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True)
class Run:
    """One training of the full tier.

    Attributes:
        kind: What is trained.
        exercise: The exercise that the training judges.
        check: Its check whose points the training confirms.
        needs: For each thing that it needs, the exercises that make it; the last one's id is the
            stand-in's key.
        sampler: The exercise that draws from the trained network, and its check.
    """

    kind: Kind
    exercise: str
    check: str
    needs: tuple[tuple[str, ...], ...]
    sampler: tuple[str, str] | None = None


RUNS: dict[Kind, Run] = {
    "denoiser": Run(
        "denoiser", "b1_2_train", "learns", (("b1_1_blocks", "b1_1_unet"), ("b1_2_noise",))
    ),
    "time": Run(
        "time",
        "b2_2_forward",
        "target",
        (("b1_1_blocks", "b2_1_time_unet"), ("b2_2_schedule",)),
        ("b2_3_sample", "mean"),
    ),
    "class": Run(
        "class",
        "b2_5_train",
        "learns",
        (("b1_1_blocks", "b2_4_class_unet"), ("b2_2_schedule",), ("b2_4_forward",)),
        ("b2_5_sample", "guidance"),
    ),
}


@dataclass(frozen=True)
class Text:
    """What is defined in a worker for a run.

    Attributes:
        prelude: The grader's loader and loops, and stand-ins.
        source: The student's answers.
        standins: Exercises for whose answers something stands in.
        own: Exercises whose answers are the student's.
    """

    prelude: str
    source: str
    standins: tuple[str, ...]
    own: tuple[str, ...]


def text_of(run: Run, answers: Mapping[str, str | None], sound: Collection[str]) -> Text:
    """Puts a run's text together.

    Args:
        run: The training.
        answers: Every answer of the submission by exercise.
        sound: The exercises that pass the quick tier.
    """
    prelude = [inside()]
    standins: list[str] = []
    own: list[str] = []
    sampler = run.sampler[0] if run.sampler else ""
    for group in run.needs:
        if all(key in sound and answers.get(key) is not None for key in group):
            own += group
        else:
            standins.append(group[-1])
            prelude.append(STANDINS[group[-1]])
    own += [run.exercise, *([sampler] if sampler in sound else [])]
    source = [answers[key] or "" for key in own]
    return Text("\n\n".join(prelude), "\n\n".join(source), tuple(standins), tuple(own))


@cache
def inside() -> str:
    """The text of `inside.py`."""
    return INSIDE.read_text(encoding="utf-8")
