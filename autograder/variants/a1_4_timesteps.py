"""Correct answers of `strided_timesteps` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "while-loop",
        "A loop that appends.",
        source="""
        def strided_timesteps(start=990, stride=30):
            steps, t = [], start
            while t >= 0:
                steps.append(t)
                t -= stride
            return steps
        """,
    ),
    Variant(
        "reversed",
        "The rising range, turned round.",
        source="""
        def strided_timesteps(start=990, stride=30):
            return list(range(0, start + 1, stride))[::-1]
        """,
    ),
    Variant(
        "tensor",
        "A tensor of whole numbers.",
        source="""
        def strided_timesteps(start=990, stride=30):
            return torch.arange(start, -1, -stride)
        """,
    ),
    Variant(
        "numpy",
        "A NumPy array, turned into a list of its numbers.",
        source="""
        def strided_timesteps(start=990, stride=30):
            return list(np.arange(start, -1, -stride))
        """,
    ),
    Variant(
        "range",
        "The range itself.",
        source="""
        def strided_timesteps(start: int = 990, stride: int = 30):
            return range(start, -1, -stride)
        """,
    ),
)
