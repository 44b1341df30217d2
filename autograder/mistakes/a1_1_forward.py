"""Known mistakes of `forward`."""

from __future__ import annotations

from autograder.bank import Mistake

MISTAKES = (
    Mistake(
        "alpha-bar-without-root",
        "The picture is scaled by alphas_cumprod[t] itself, not by its square root.",
        "Variances add up to 1, so it is the square roots that scale picture and noise.",
        (("alpha_bar.sqrt()", "alpha_bar"),),
    ),
)
