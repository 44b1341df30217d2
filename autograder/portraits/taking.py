"""Takes portraits: one function for each exercise whose answer makes a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor

from course.manifest import load_manifest

from ..bank import solution_source
from ..checking import check_module, prepare
from ..failures import HostFailureError
from ..served import Earlier
from ..subject import LocalSubject, Subject
from .drawings import digit, house, sun
from .knowing import NUM_TS, KnowingStage, prompt, schedule, served
from .render import alike, encode, is_picture

HOUSE, SUN, NONE = 1, 3, 5
STRIDED = list(range(990, -1, -165))
SCALE = 2.0
SEED = 20

Draw = Callable[[Subject], Any]


def portrait(exercise_id: str, student: Subject) -> bytes:
    """A WebP file: what an answer draws on the left, what the solution draws on the right.

    Args:
        exercise_id: Of an exercise of the course.
        student: The answer, already defined.

    Returns:
        The file; empty where the exercise makes no pictures, the answer gives none, or one that
        looks right.

    Raises:
        HostFailureError: The host failed, not the answer.
    """
    drawn = _drawn(exercise_id, student)
    right = solution(exercise_id) if drawn is not None else None
    return encode(drawn, right) if drawn is not None and not alike(drawn, right) else b""


@cache
def solution(exercise_id: str) -> Tensor | None:
    """What the solution draws."""
    student = LocalSubject()
    exercise = load_manifest().exercises[exercise_id]
    prepare(check_module(exercise_id), student, solution_source(exercise))
    return _drawn(exercise_id, student)


def _drawn(exercise_id: str, student: Subject) -> Tensor | None:
    draw = DRAWS.get(exercise_id)
    if draw is None:
        return None
    try:
        value = draw(student)
    except HostFailureError:
        raise
    except Exception:  # the checks have told what is wrong; this is a picture less
        return None
    images = [v for v in (value if isinstance(value, tuple | list) else [value]) if is_picture(v)]
    whole = [image if image.ndim == 4 else image[None] for image in images]
    return torch.cat(whole)[:4].float() if whole else None


def _stage(student: Subject, certainty: float = 1.0) -> KnowingStage:
    drawings = {HOUSE: house(), SUN: sun(), NONE: torch.zeros(1, 3, 64, 64)}
    stage = KnowingStage(drawings, certainty)
    student.serve(**Earlier(stage, SEED).functions())
    return stage


def _noisy(stage: KnowingStage, t: int) -> Tensor:
    """A house in noise of timestep t."""
    bar = stage.alphas_cumprod[t]
    noise = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(SEED))
    return bar.sqrt() * house() + (1 - bar).sqrt() * noise


def _forward(student: Subject) -> Any:
    tables = KnowingStage({}).alphas_cumprod
    return [student.call("forward", house(), t, tables, seed=SEED) for t in (250, 500)]


def _classical(student: Subject) -> Any:
    return student.call("classical_denoise", _noisy(KnowingStage({}), 250))


def _one_step(student: Subject) -> Any:
    stage = _stage(student)
    return student.call("one_step_denoise", stage, _noisy(stage, 600), 600, prompt(HOUSE))


def _iterative(student: Subject) -> Any:
    stage = _stage(student)
    noisy = _noisy(stage, STRIDED[2])
    return student.call("iterative_denoise", stage, noisy, 2, prompt(HOUSE), STRIDED, seed=SEED)


def _sample(student: Subject) -> Any:
    stage = _stage(student)
    return student.call("sample", stage, 2, prompt(HOUSE), STRIDED, seed=SEED)


def _cfg(student: Subject) -> Any:
    stage = _stage(student)
    arguments = [prompt(HOUSE), prompt(NONE), STRIDED, SCALE]
    noisy = _noisy(stage, STRIDED[2])
    return student.call("iterative_denoise_cfg", stage, noisy, 2, *arguments, seed=SEED)


def _sdedit(student: Subject) -> Any:
    stage = _stage(student, certainty=0.2)
    arguments = [prompt(SUN), prompt(NONE), STRIDED, 1.0]
    return [
        student.call("sdedit", stage, house(), i_start, *arguments, seed=SEED) for i_start in (2, 4)
    ]


def _inpaint(student: Subject) -> Any:
    stage = _stage(student)
    mask = torch.zeros(1, 3, 64, 64)
    mask[..., 10:32, 14:50] = 1
    arguments = [house(), mask, prompt(SUN), prompt(NONE), STRIDED, SCALE]
    return student.call("inpaint", stage, *arguments, seed=SEED)


def _pair(student: Subject, name: str) -> Any:
    stage = _stage(student)
    noise = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(SEED))
    arguments = [noise, 0, (prompt(HOUSE), prompt(SUN)), prompt(NONE), STRIDED, 1.0]
    return student.call(name, stage, *arguments, seed=SEED)


def _noise(student: Subject) -> Any:
    return [student.call("add_noise", digit(4), sigma, seed=SEED) for sigma in (0.2, 0.5)]


def _ddpm_sample(student: Subject) -> Any:
    tables = schedule()
    arguments = [served(tables), tables, (28, 28), NUM_TS, SEED]
    return student.call("ddpm_sample", *arguments, seed=SEED)


def _ddpm_sample_class(student: Subject) -> Any:
    tables = schedule()
    arguments = [served(tables), tables, torch.tensor([0, 1]), (28, 28), NUM_TS, 1.5, SEED]
    return student.call("ddpm_sample_class", *arguments, seed=SEED)


DRAWS: Final[dict[str, Draw]] = {
    "a1_1_forward": _forward,
    "a1_2_classical": _classical,
    "a1_3_one_step": _one_step,
    "a1_4_iterative": _iterative,
    "a1_5_sample": _sample,
    "a1_6_cfg": _cfg,
    "a1_7_sdedit": _sdedit,
    "a1_7_2_inpaint": _inpaint,
    "a1_8_anagram": lambda student: _pair(student, "visual_anagrams"),
    "a1_9_hybrid": lambda student: _pair(student, "make_hybrids"),
    "b1_2_noise": _noise,
    "b2_3_sample": _ddpm_sample,
    "b2_5_sample": _ddpm_sample_class,
}
