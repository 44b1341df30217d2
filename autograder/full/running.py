"""One training through the trust boundary, and what this side measures of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from autograder.checking import CheckFailureError, as_tensor
from autograder.findings import Finding
from autograder.subject import StudentError, Subject

from . import inside, judge, measuring
from .digits import Digits, Secret
from .pieces import Run, Text
from .presets import Preset

SETS = 3  # of 16 pictures, where the sampler takes no classes

# What stands beside the answer in the worker; an answer has no reason to define such names.
RESERVED = frozenset(name for name in vars(inside) if name.lower().startswith("grader"))


@dataclass(frozen=True)
class Bench:
    """Where a training is measured.

    Attributes:
        student: The worker.
        run: Which training.
        preset: Its sizes and bounds.
        digits: What it trains on and is judged by.
        secret: How the digits are turned.
        seed: Of everything random on this side and of the training.
    """

    student: Subject
    run: Run
    preset: Preset
    digits: Digits
    secret: Secret
    seed: int

    def network(self, x: Tensor, c: Tensor | None, t: Tensor | None, mask: Tensor | None) -> Tensor:
        """The trained network's outputs, from the worker."""
        out: Tensor = self.student.call("grader_outputs", x, c, t, mask)
        return out


def train(bench: Bench, text: Text) -> None:
    """Defines the answers in the worker, sends the digits, and has the network trained there.

    Raises:
        StudentError: The student's code failed, or went over a limit.
    """
    recipe = bench.preset.recipes[bench.run.kind]
    begin(bench, text)
    bench.student.call("grader_train", bench.run.kind, recipe.plain(), bench.seed)


def begin(bench: Bench, text: Text) -> dict[str, Tensor]:
    """All of `train` but the training; returns the network's first state."""
    recipe = bench.preset.recipes[bench.run.kind]
    names = bench.student.define(text.source, prelude=text.prelude)
    if RESERVED.intersection(names):
        raise StudentError("protocol", "NameError", "the answer takes the grader's names")
    bench.student.call("grader_receive", bench.digits.images, bench.digits.labels)
    state: dict[str, Tensor] = bench.student.call(
        "grader_build", bench.run.kind, recipe.hiddens, bench.seed
    )
    return state


def findings(bench: Bench, text: Text) -> list[Finding]:
    """Trains and measures: what is found of the training, and of the sampler where there is one."""
    started = time.perf_counter()
    blank = Finding(bench.run.exercise, bench.run.check, "failed", standins=text.standins)
    try:
        train(bench, text)
    except StudentError as error:
        return [failure(blank, error, started)]
    return measured(bench, text, blank, started)


def measured(bench: Bench, text: Text, blank: Finding, started: float) -> list[Finding]:
    """What is found of the network that the worker holds."""
    try:
        values = losses(bench) | (_drawn(bench) if bench.run.kind != "denoiser" else {})
        peak = float(bench.student.call("grader_peak"))
    except StudentError as error:
        return [failure(blank, error, started)]
    except CheckFailureError as wrong_output:
        return [replace(blank, message=str(wrong_output), seconds=since(started))]
    wrong = shortcomings(bench.preset, values)
    status = "failed" if wrong else "passed"
    found = replace(
        blank,
        status=status,
        values=values,
        message=" ".join(wrong),
        seconds=since(started),
        vram_mib=round(peak),
    )
    return [found, *_sampler(bench, text, bool(wrong))]


def losses(bench: Bench) -> dict[str, float]:
    """Test losses by name, as in `Bounds.losses`."""
    kind = bench.run.kind
    recipe, digits, seed = bench.preset.recipes[kind], bench.digits, bench.seed + 1
    if kind == "denoiser":
        return {kind: measuring.denoiser_loss(bench.network, digits, recipe, seed)}
    classes = kind == "class"
    found: dict[str, float] = {
        kind: measuring.noise_loss(bench.network, digits, recipe, seed, classes)
    }
    if classes:
        found["no class"] = measuring.noise_loss(
            bench.network, digits, recipe, seed, classes, keep=False
        )
    return found


def shortcomings(preset: Preset, values: dict[str, float]) -> list[str]:
    """What a network does not reach, in sentences for the student."""
    wrong = []
    texts = {
        "denoiser": "denoised test digits",
        "time": "the noise of test digits",
        "class": "the noise of test digits with their classes",
        "no class": "the noise of test digits without a class (mask 0)",
    }
    for name, bound in preset.bounds.losses.items():
        if values.get(name, 0.0) > bound:
            wrong.append(
                f"Trained with your code, the network's mean squared error on {texts[name]} is "
                f"{values[name]:.4f}; it should be below {bound:g}."
            )
    if values.get("legible", 1.0) < preset.bounds.legible:
        share = f"{values['legible']:.0%}"
        wrong.append(f"Only {share} of the samples of the trained network look like digits.")
    if values.get("right", 1.0) < preset.bounds.right:
        share = f"{values['right']:.0%}"
        wrong.append(
            f"Only {share} of the samples of the trained network show the digit asked for."
        )
    return wrong


def _drawn(bench: Bench) -> dict[str, float]:
    """Samples by this side's loop, judged."""
    recipe, count = bench.preset.recipes[bench.run.kind], bench.preset.samples
    c = torch.arange(count) % 10 if bench.run.kind == "class" else None
    guidance = bench.preset.guidance
    x = measuring.samples(bench.network, recipe, bench.seed + 2, count, c, guidance)
    return judged(bench, x, c)


def judged(bench: Bench, x: Tensor, c: Tensor | None) -> dict[str, float]:
    """How many samples the judge is sure of, and how many show the digit asked for."""
    seen, sure = judge.read(bench.secret.turn_back(x))
    legible = (seen != judge.NO_DIGIT) & (sure > judge.SURE)
    found = {"legible": float(legible.float().mean())}
    if c is not None:
        wanted = bench.secret.names.argsort()[c]  # as the data set calls them
        found["right"] = float((seen == wanted).float().mean())
    return found


def _sampler(bench: Bench, text: Text, poor: bool) -> list[Finding]:
    """What is found of the student's own sampler on the trained network."""
    sampler = bench.run.sampler
    if sampler is None or sampler[0] not in text.own:
        return []
    started = time.perf_counter()
    blank = Finding(*sampler, "skipped", standins=text.standins)
    if poor:
        message = "There is no well trained network to sample from."
        return [replace(blank, message=message)]
    c = torch.arange(bench.preset.samples) % 10 if bench.run.kind == "class" else None
    try:
        x = torch.cat(
            [_sampled(bench, c, number) for number in range(1 if c is not None else SETS)]
        )
        values = judged(bench, x, c)
    except StudentError as error:
        return [failure(blank, error, started)]
    except CheckFailureError as wrong_output:
        return [replace(blank, status="failed", message=str(wrong_output))]
    wrong = shortcomings(bench.preset, values)
    text_ = wrong[-1].replace("of the trained network", "that your sampler draws") if wrong else ""
    status = "failed" if wrong else "passed"
    seconds = since(started)
    return [replace(blank, status=status, values=values, message=text_, seconds=seconds)]


def _sampled(bench: Bench, c: Tensor | None, number: int) -> Tensor:
    """Pictures by the student's sampler: one of each class in `c`, or 16 without classes."""
    recipe, guidance = bench.preset.recipes[bench.run.kind].plain(), bench.preset.guidance
    x = bench.student.call("grader_sample", recipe, c, guidance, bench.seed + 3 + number)
    return as_tensor(x, (16 if c is None else len(c), 1, 28, 28), "The samples")


def failure(blank: Finding, error: StudentError, started: float) -> Finding:
    """What is found where the student's code does not answer."""
    status = "timeout" if error.kind == "timeout" else "error"
    return replace(blank, status=status, message=error.told, seconds=since(started))


def since(started: float) -> float:
    """Seconds since a reading of `time.perf_counter`."""
    return round(time.perf_counter() - started, 3)
