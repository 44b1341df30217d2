"""A preset of a few steps, the solutions as answers, and an honest record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autograder.bank import solution_source
from autograder.full.digits import PLAIN, digits_of
from autograder.full.inside import GraderLoader
from autograder.full.presets import PRESETS, Kind, Preset, Recipe
from course.kit.record import TrainingRecord
from course.manifest import load_manifest
from solutions.ddpm import ddpm_schedule
from solutions.training import train_ddpm
from solutions.unet import ClassConditionalUNet

SHORT = Recipe(hiddens=2, batch_size=16, num_epochs=3, lr=1e-3, num_ts=4, beta2=0.5)
RECIPES: dict[Kind, Recipe] = {"denoiser": SHORT, "time": SHORT, "class": SHORT}
TINY = replace(PRESETS["smoke"], train=64, test=20, recipes=RECIPES)


@pytest.fixture(scope="session")
def preset() -> Preset:
    """Four steps an epoch, two hidden channels."""
    return TINY


@pytest.fixture(scope="session")
def answers() -> Mapping[str, str | None]:
    """The solutions of Part B."""
    exercises = load_manifest().of_part("b")
    return {e.id: solution_source(e) for e in exercises if not e.manual}


def record_of(student: str, folder: Path, seed: int = 1) -> Path:
    """A student's honest record of the class-conditioned training, by the solution."""
    torch.manual_seed(seed)
    digits, recipe = digits_of(TINY, PLAIN), TINY.recipes["class"]
    record = TrainingRecord(student, "b2_5", recipe.num_epochs)
    unet = record.make(ClassConditionalUNet, 1, 10, recipe.hiddens)
    torch.manual_seed(seed)
    loader = record.watch(unet, GraderLoader(digits.images, digits.labels, recipe.batch_size, seed))
    schedule = ddpm_schedule(recipe.beta1, recipe.beta2, recipe.num_ts)
    train_ddpm(unet, schedule, loader, recipe.num_ts, recipe.num_epochs, recipe.lr, recipe.p_uncond)
    return record.save(folder)
