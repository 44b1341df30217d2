"""Which visible checks an exercise has."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

Check = Callable[..., None]

OBJECTS: dict[str, tuple[str, ...]] = {
    "a1_1_forward": ("forward",),
    "a1_2_classical": ("classical_denoise",),
    "a1_3_one_step": ("one_step_denoise",),
    "a1_4_timesteps": ("strided_timesteps",),
    "a1_4_iterative": ("iterative_denoise",),
    "a1_5_sample": ("sample",),
    "a1_6_cfg": ("cfg_noise", "iterative_denoise_cfg"),
    "a1_7_sdedit": ("sdedit",),
    "a1_7_2_inpaint": ("inpaint",),
    "a1_8_anagram": ("visual_anagrams",),
    "a1_9_hybrid": ("make_hybrids",),
    "b1_1_blocks": (
        "Conv",
        "DownConv",
        "UpConv",
        "Flatten",
        "Unflatten",
        "ConvBlock",
        "DownBlock",
        "UpBlock",
        "FCBlock",
    ),
    "b1_1_unet": ("UnconditionalUNet",),
    "b1_2_noise": ("add_noise",),
    "b1_2_train": ("train_denoiser",),
    "b2_1_time_unet": ("TimeConditionalUNet",),
    "b2_2_schedule": ("ddpm_schedule",),
    "b2_2_forward": ("ddpm_forward",),
    "b2_3_sample": ("ddpm_sample",),
    "b2_4_class_unet": ("ClassConditionalUNet",),
    "b2_4_forward": ("ddpm_forward_class",),
    "b2_5_train": ("train_ddpm",),
    "b2_5_sample": ("ddpm_sample_class",),
}
"""What `kit.check` is given for each exercise, in the order of the report."""

_CHECKS: dict[str, dict[str, Check]] = {exercise: {} for exercise in OBJECTS}


def visible(exercise: str, name: str) -> Callable[[Check], Check]:
    """Register a function as a visible check of an exercise.

    The function takes the exercise's objects, in the order of `OBJECTS`, and raises
    `expect.Wrong` with a plain message where the answer is not right.

    Args:
        exercise: Id of the exercise.
        name: Name of the check, one word.

    Raises:
        ValueError: If the exercise is unknown, or has a check of that name already.
    """
    if exercise not in _CHECKS:
        raise ValueError(f"unknown exercise {exercise!r}")
    if name in _CHECKS[exercise]:
        raise ValueError(f"{exercise} has a check {name!r} already")

    def register(function: Check) -> Check:
        _CHECKS[exercise][name] = function
        return function

    return register


def checks_of(exercise: str) -> dict[str, Check]:
    """Return the visible checks of an exercise, by name, in the order of their files.

    They are in the files `part_*.py`, or in one that is named after the exercise.
    """
    # Imported here because these modules register themselves with this one.
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("part_") or module.name in OBJECTS:
            importlib.import_module(f".{module.name}", __package__)
    return dict(_CHECKS[exercise])
