"""What the checks of the three UNets have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.network import ATOL, RTOL, Reference, constant, known
from autograder.subject import RemoteModule, StudentError, Subject

BATCH = 4


def pictures(channels: int = 1, size: int = 28, count: int = BATCH) -> Tensor:
    """Noisy pictures of both signs."""
    generator = torch.Generator().manual_seed(5 + channels)
    return torch.randn(count, channels, size, size, generator=generator)


def one_hot(c: Tensor, num_classes: int, mask: Tensor | None = None) -> Tensor:
    """Masked one-hot classes, (N, num_classes)."""
    kept = torch.ones(len(c)) if mask is None else mask
    return torch.eye(num_classes)[c] * kept[:, None]


@dataclass(frozen=True)
class Net:
    """A student's class of UNets, and what its inputs are besides the picture.

    Attributes:
        name: Of the class.
        time: Whether it takes times.
        classes: Whether it takes classes.
    """

    name: str
    time: bool = False
    classes: bool = False

    def make(
        self, student: Subject, d: int, channels: int = 1, num_classes: int = 10
    ) -> RemoteModule:
        """One of the student's nets."""
        args = (channels, num_classes, d) if self.time else (channels, d)
        return student.new(self.name, *args, seed=1)

    def conditions(self, num_classes: int = 10, count: int = BATCH) -> list[Tensor]:
        """Arguments after the picture: other classes and times for every picture."""
        t = torch.tensor([0.05, 0.4, 0.75, 1.0])[:count]
        c = torch.tensor([num_classes - 1, 0, 1, 2])[:count] % num_classes
        return [c, t] if self.classes else [t] if self.time else []

    def right(
        self,
        x: Tensor,
        args: list[Tensor],
        d: int,
        training: bool,
        num_classes: int = 10,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, int]:
        """The output with known weights, and the number of parameters."""
        oracle = Reference(training)
        given = {"t": args[-1]} if self.time else {}
        if self.classes:
            given["c"] = one_hot(args[0], num_classes, mask)
        return oracle.unet(x, d, **given), oracle.parameters

    def check_shape(self, student: Subject) -> None:
        """Outputs have their input's shape; sizes other than 28x28 are refused."""
        for channels, d, classes in ((1, 4, 10), (3, 8, 5)):
            x = pictures(channels)
            module = self.make(student, d, channels, classes)
            out = module(x, *self.conditions(classes))
            as_tensor(out, tuple(x.shape), f"{self.name}'s output for {channels} channel(s)")
        module = self.make(student, 4)
        try:
            module(pictures(size=56), *self.conditions())
        except StudentError as error:
            expect(not error.fatal, "A picture of 56x56 ended the process instead of an error.")
            return
        expect(False, "A picture of 56x56 must be refused: the net is made for 28x28.")

    def check_parameters(self, student: Subject, published: dict[int, int]) -> None:
        """The number of parameters is that of the wiring; `published` by D, for digits."""
        for d, want in published.items():
            self._count(student, d, 1, 10, want)
        for channels, d, classes in ((3, 4, 5), (2, 6, 3)):
            args = self.conditions(classes)
            want = self.right(pictures(channels), args, d, True, classes)[1]
            self._count(student, d, channels, classes, want)

    def _count(self, student: Subject, d: int, channels: int, classes: int, want: int) -> None:
        got = self.make(student, d, channels, classes).num_parameters()
        message = f"With {channels} channel(s) and D = {d} the net must have {want:,} parameters"
        advice = "a block is missing, is there twice, or has other channels."
        expect(got == want, f"{message}, yours has {got:,}: {advice}")

    def check_values(self, student: Subject, message: str, **options: Any) -> None:
        """With known weights the output is the reference's, in both modes."""
        for d, channels in ((8, 1), (6, 2)):
            module = known(self.make(student, d, channels))
            x, args = pictures(channels), self.conditions()
            for mode, training in (("evaluation", False), ("training", True)):
                got = (module.train() if training else module.eval())(x, *args, **options)
                want = self.right(x, args, d, training, **options)[0]
                out = as_tensor(got, tuple(x.shape), f"{self.name}'s output")
                expect(close(out, want, RTOL, ATOL), f"In {mode} mode {message}")

    def check_bare_output(self, student: Subject) -> None:
        """Nothing comes after the last convolution."""
        x = pictures()
        for value in (-3.0, 3.0):
            module = constant(self.make(student, 4), value).eval()
            out = as_tensor(module(x, *self.conditions()), tuple(x.shape), f"{self.name}'s output")
            expect(
                close(out, torch.full_like(out, value)),
                f"With a last bias of {value:g} and zero weights the output must be {value:g}, "
                f"yours is {float(out.mean()):.3f}: the last convolution must have a bias, and no "
                "norm and no activation after it, or the output cannot take all values.",
            )

    def check_samples_apart(self, student: Subject, what: str) -> None:
        """In evaluation mode a picture's output depends on its own inputs only."""
        module = known(self.make(student, 8)).eval()
        x, args = pictures(), self.conditions()
        whole = as_tensor(module(x, *args), tuple(x.shape), f"{self.name}'s output")
        for i in range(BATCH):
            one = as_tensor(
                module(x[i : i + 1], *(a[i : i + 1] for a in args)), (1, 1, 28, 28), "The output"
            )
            expect(
                close(one, whole[i : i + 1], RTOL, ATOL),
                f"A picture's output changes with the {what} of the others in its batch: "
                "every picture must get its own.",
            )

    def behaviour(self, student: Subject, d: int = 8) -> Behaviour:
        """Parameters, and outputs with known weights in both modes, thinned out."""
        count = attempt(lambda: self.make(student, d).num_parameters())
        found: Behaviour = {"parameters": count}
        if isinstance(count, str):
            return found
        x, args = pictures(), self.conditions()
        module = known(self.make(student, d)).eval()
        found["evaluation"] = attempt(lambda: module(x, *args)[..., ::5, ::5])
        found["training"] = attempt(lambda: module.train()(x, *args)[..., ::5, ::5])
        other = attempt(lambda: module(pictures(size=56), *args))
        found["other size"] = "refused" if isinstance(other, str) else "taken"
        return found
