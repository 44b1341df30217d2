"""The figures of the gallery, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import editing, illusions, sampling
from .studio import Studio


@dataclass(frozen=True)
class Plan:
    """One figure: its section, its file's name without ending, and the function that makes it."""

    section: str
    name: str
    make: Callable[[Studio, Path], None]


PLANS = (
    Plan("a0", "a0_steps", sampling.steps),
    Plan("a1_1", "a1_1_forward", sampling.noising),
    Plan("a1_2", "a1_2_blur", sampling.blurring),
    Plan("a1_3", "a1_3_one_step", sampling.one_step),
    Plan("a1_4", "a1_4_walk", sampling.walk),
    Plan("a1_4", "a1_4_comparison", sampling.comparison),
    Plan("a1_5", "a1_5_samples", sampling.unguided),
    Plan("a1_6", "a1_6_guided", sampling.guided),
    Plan("a1_6", "a1_6_scales", sampling.scales),
    Plan("a1_7", "a1_7_sdedit", editing.translation),
    Plan("a1_7_1", "a1_7_1_own", editing.own_pictures),
    Plan("a1_7_2", "a1_7_2_inpaint", editing.inpainting),
    Plan("a1_7_3", "a1_7_3_towards", editing.towards_prompt),
    Plan("a1_8", "a1_8_anagrams", illusions.anagrams),
    Plan("a1_9", "a1_9_hybrids", illusions.hybrids),
    Plan("prompts", "prompt_book", illusions.prompt_book),
)

SECTIONS = tuple(dict.fromkeys(plan.section for plan in PLANS))


def chosen(sections: Sequence[str]) -> tuple[Plan, ...]:
    """Return the figures of some sections, all of them without any.

    Raises:
        KeyError: There is no such section; the argument is its name.
    """
    for section in sections:
        if section not in SECTIONS:
            raise KeyError(section)
    return tuple(plan for plan in PLANS if not sections or plan.section in sections)
