"""The ten checks as data: what is called, and what must come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One check of `scale(x, factor)`.

    Attributes:
        name: As in the manifest.
        x: The tensor's values.
        factor: What they are multiplied with.
        expected: The result's values.
    """

    name: str
    x: list[float]
    factor: float
    expected: list[float]

    @property
    def assertion(self) -> str:
        """The check as a statement, as a notebook's test cell has it."""
        call = f"scale(torch.tensor({self.x}), {self.factor})"
        return f"assert torch.allclose({call}, torch.tensor({self.expected}))"


def _case(number: int) -> Case:
    x, factor = [float(number), number + 0.5, -1.0 - number], 0.5 * (number + 1)
    return Case(f"case_{number}", x, factor, [value * factor for value in x])


CASES = tuple(_case(number) for number in range(10))
POINTS = float(len(CASES))


def answer(student: str) -> str:
    """A right answer; each student's text is their own, so that nothing is known from before."""
    return f'def scale(x, factor):\n    """Written by {student}."""\n    return x * factor\n'
