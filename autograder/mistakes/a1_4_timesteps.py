"""Known mistakes of `strided_timesteps`."""

from __future__ import annotations

from autograder.bank import Mistake

ANSWER = "return list(range(start, -1, -stride))"

MISTAKES = (
    Mistake(
        "zero-missing",
        "The list ends with the stride: 0 is missing.",
        "range leaves its end out, so the end must lie below 0.",
        ((ANSWER, "return list(range(start, 0, -stride))"),),
    ),
    Mistake(
        "one-too-many",
        "The list goes on below 0.",
        "range leaves its end out: which end keeps 0 as the last entry?",
        ((ANSWER, "return list(range(start, -stride - 1, -stride))"),),
    ),
    Mistake(
        "rising",
        "The list rises from 0.",
        "Denoising begins with the noisiest timestep.",
        ((ANSWER, "return list(range(0, start + 1, stride))"),),
    ),
    Mistake(
        "empty",
        "The list is empty, because its step is positive.",
        "A falling range needs a negative step.",
        ((ANSWER, "return list(range(start, -1, stride))"),),
    ),
    Mistake(
        "start-missing",
        "The first entry is missing: the list begins one stride below start.",
        "The noisiest timestep belongs to the list.",
        ((ANSWER, "return list(range(start - stride, -1, -stride))"),),
    ),
    Mistake(
        "arguments-ignored",
        "The list is always that of the defaults.",
        "Use start and stride.",
        ((ANSWER, "return list(range(990, -1, -30))"),),
    ),
    Mistake(
        "stride-ignored",
        "The stride is always 30.",
        "Use the argument stride.",
        ((ANSWER, "return list(range(start, -1, -30))"),),
    ),
    Mistake(
        "count-for-stride",
        "The stride is taken as the number of timesteps.",
        "Neighbours differ by the stride: 34 entries for 990 and 30.",
        ((ANSWER, "return torch.linspace(start, 0, stride).long().tolist()"),),
    ),
    Mistake(
        "floats",
        "The timesteps are floats.",
        "Timesteps index tables: they must be int.",
        ((ANSWER, "return [float(t) for t in range(start, -1, -stride)]"),),
    ),
)
