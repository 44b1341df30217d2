"""A recorded training through the trust boundary: proved, then measured as if trained here."""

from __future__ import annotations

import time
from dataclasses import replace

from torch import Tensor

from autograder.findings import Finding
from autograder.subject import StudentError
from course.kit.record import training_seed

from . import proof
from .checkpoint import NAMES, Record, RecordError
from .pieces import Text
from .running import Bench, begin, failure, measured, since

RERUNS = 2


def proved_findings(bench: Bench, text: Text, record: Record, student: str) -> list[Finding]:
    """What is found of a record: that the code makes such weights, and what they are worth.

    Args:
        bench: With digits that are not turned, since the student's were not.
        text: The answers.
        record: What was handed in.
        student: Whose it is.
    """
    started = time.perf_counter()
    blank = Finding(bench.run.exercise, bench.run.check, "failed", standins=text.standins)
    seed = training_seed(student, NAMES[bench.run.kind])
    try:
        values = prove(replace(bench, seed=seed), text, record, proof.chosen(record))
        bench.student.call("grader_load", record.final)
    except RecordError as error:
        return [replace(blank, message=f"{error}.", seconds=since(started))]
    except StudentError as error:
        return [failure(blank, error, started)]
    found = measured(bench, text, blank, started)
    return [replace(found[0], values={**found[0].values, **values}), *found[1:]]


def prove(bench: Bench, text: Text, record: Record, epoch: int) -> dict[str, float]:
    """Trains a recorded epoch again; what was compared, by name.

    Args:
        bench: With the seed of the student's first state.
        text: The answers.
        record: What was handed in.
        epoch: The epoch, from 0.

    Raises:
        RecordError: The record is not of this network, not of one training, or not of this code.
        StudentError: The student's code failed.
    """
    first = begin(bench, text)
    parameters: list[str] = bench.student.call("grader_parameters")
    proof.check_finite(first)
    proof.check_shapes(record, first, parameters)
    likeness = proof.check_chain(record, first, parameters)
    link = record.links[epoch]
    ends = [again(bench, record, epoch, number) for number in range(RERUNS)]
    proof.check_ends(ends, first)
    found = proof.check_again(link.before or first, link.after, ends, parameters)
    return {"likeness": likeness, **found, "epoch": float(epoch)}


def again(bench: Bench, record: Record, epoch: int, number: int) -> dict[str, Tensor]:
    """The network after the epoch, by the student's code, with batches and noise of its own."""
    recipe, link = bench.preset.recipes[bench.run.kind], record.links[epoch]
    bench.student.call("grader_build", bench.run.kind, recipe.hiddens, bench.seed)
    segment = {"epoch": epoch, "before": link.before, "m": link.m, "v": link.v}
    seed = bench.seed + 10 + number
    end: dict[str, Tensor] = bench.student.call(
        "grader_again", bench.run.kind, recipe.plain(), seed, segment
    )
    return end
