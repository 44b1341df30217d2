"""Measures the proof of a recorded training: honest records, and what somebody might hand in.

`python -m benchmarks.full_tier_proof --preset full --device cuda --out found.jsonl`. A record is
made by the solution; it is proved at each of its epochs by the same code, and by known mistakes
as submitted code. Then the attacks: an end from another training, states between two trainings,
a record under another name.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autograder.bank import answer_source, mistakes, solution_source
from autograder.full import proof
from autograder.full.checkpoint import NAMES, Link, Record, RecordError, read_record
from autograder.full.digits import PLAIN, Digits, digits_of
from autograder.full.inside import GraderLoader
from autograder.full.pieces import RUNS, Text, text_of
from autograder.full.presets import PRESETS, Preset
from autograder.full.proving import again
from autograder.full.running import Bench, begin
from autograder.subject import LocalSubject, StudentError
from course.kit.record import TrainingRecord, training_seed
from course.manifest import load_manifest
from solutions.ddpm import ddpm_schedule
from solutions.training import train_ddpm
from solutions.unet import ClassConditionalUNet

RUN, NAME = RUNS["class"], NAMES["class"]


def recorded(
    student: str, preset: Preset, digits: Digits, device: str, seed: int, folder: Path
) -> Record:
    """A student's honest record, written and read back; kept for another run of this program."""
    recipe = preset.recipes["class"]
    home = folder / f"{preset.name}-{student}-{seed}"
    path = home / f"{NAME}.safetensors"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        record = TrainingRecord(student, NAME, recipe.num_epochs)
        unet = record.make(ClassConditionalUNet, 1, 10, recipe.hiddens).to(device)
        torch.manual_seed(seed)
        images, labels = digits.images.to(device), digits.labels.to(device)
        loader = record.watch(unet, GraderLoader(images, labels, recipe.batch_size, seed))
        schedule = ddpm_schedule(recipe.beta1, recipe.beta2, recipe.num_ts)
        moved = {key: value.to(device) for key, value in schedule.items()}
        train_ddpm(
            unet, moved, loader, recipe.num_ts, recipe.num_epochs, recipe.lr, recipe.p_uncond
        )
        record.save(home)
    return read_record(path, "class", recipe, student)


class Prover:
    """Proves records by one submitted code."""

    def __init__(self, preset: Preset, digits: Digits, device: str, text: Text, name: str) -> None:
        seed = training_seed(name, NAME)
        student = LocalSubject(device)
        self.bench = Bench(student, RUN, preset, digits, PLAIN, seed)
        self.first = begin(self.bench, text)
        self.parameters: list[str] = student.call("grader_parameters")

    def ends(self, record: Record, epoch: int) -> list[dict[str, Tensor]]:
        """Two ends of an epoch."""
        found = [again(self.bench, record, epoch, number) for number in range(2)]
        proof.check_ends(found, self.first)
        return found

    def compared(self, record: Record, epoch: int, ends: list[dict[str, Tensor]]) -> dict[str, Any]:
        """What the proof looks at."""
        link = record.links[epoch]
        found = proof.compare(link.before or self.first, link.after, ends, self.parameters)
        return {**found, "likeness": self.likeness(record)}

    def likeness(self, record: Record) -> float:
        """Least likeness of the recorded states."""
        return proof.likeness(record, self.first, self.parameters)


def attacks(own: Record, other: Record, first: dict[str, Tensor]) -> Iterator[tuple[str, Record]]:
    """Records that were not made by training: own beginning, another's end."""
    last = own.num_epochs - 1

    def changed(epochs: dict[int, Link]) -> Record:
        return Record({**own.links, **epochs}, own.num_epochs)

    yield "another's final weights", changed({last: replace(own.links[last], after=other.final)})
    yield "another's last epoch", changed({last: other.links[last]})
    yield "all but the first epoch", Record({**other.links, 0: own.links[0]}, own.num_epochs)
    yield "another's record", other
    for share in (0.1, 0.5):
        mixed = {
            epoch: replace(link, after=_mixed(link.after, other.links[epoch].after, share))
            for epoch, link in own.links.items()
        }
        yield f"ends mixed, {share:g}", changed(mixed)
    straight = _mixed(own.links[last].before or first, other.final, 1.0)
    yield "a straight way", changed({last: replace(own.links[last], after=straight)})


def _mixed(a: dict[str, Tensor], b: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    return {k: v + share * (b[k] - v) if v.is_floating_point() else v for k, v in a.items()}


def main() -> None:
    """Writes a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="smoke")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--mistakes", action="store_true")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    os.environ["TQDM_DISABLE"] = "1"
    torch.set_num_threads(1)
    preset = PRESETS[arguments.preset]
    digits = digits_of(preset, PLAIN)
    exercises = load_manifest().exercises
    coded = {k: e for k, e in exercises.items() if e.part == "b" and not e.manual}
    answers: dict[str, str | None] = {k: solution_source(e) for k, e in coded.items()}

    bench = Bank(arguments, preset, digits, text_of(RUN, answers, set(answers)))
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        bench.seed(seed)
    if arguments.mistakes:
        for known in mistakes(RUN.exercise):
            wrong = {**answers, RUN.exercise: answer_source(coded[RUN.exercise], known)}
            bench.mistake(known.slug, text_of(RUN, wrong, set(wrong)))


class Bank:
    """Records by seed, and what was measured of them."""

    def __init__(
        self, arguments: argparse.Namespace, preset: Preset, digits: Digits, text: Text
    ) -> None:
        self.arguments, self.preset, self.digits, self.text = arguments, preset, digits, text
        self.records: list[Record] = []

    def seed(self, seed: int) -> None:
        """An honest record, and attacks with the record before."""
        start = time.perf_counter()
        device, work = self.arguments.device, self.arguments.work
        own = recorded(f"student {seed}", self.preset, self.digits, device, seed, work)
        print("recorded in", time.perf_counter() - start, flush=True)
        prover = self.prover(self.text, seed)
        self.prove(prover, "honest", "solution", own, seed)
        for other in self.records[-1:]:
            for what, record in attacks(own, other, prover.first):
                self.prove(prover, what, "solution", record, seed, own)
        self.records.append(own)

    def mistake(self, slug: str, text: Text) -> None:
        """The first honest record, handed in with code that has a mistake."""
        seed = self.arguments.first
        try:
            self.prove(self.prover(text, seed), "honest", slug, self.records[0], seed)
        except (StudentError, RecordError) as error:
            self.write({"what": "honest", "code": slug, "seed": seed, "error": str(error)[:200]})

    def prover(self, text: Text, seed: int) -> Prover:
        """For records of a seed's student."""
        device = self.arguments.device
        return Prover(self.preset, self.digits, device, text, f"student {seed}")

    def prove(
        self,
        prover: Prover,
        what: str,
        code: str,
        record: Record,
        seed: int,
        known: Record | None = None,
    ) -> None:
        """A line for each epoch, but for those that `known` has as well."""
        for epoch in record.links:
            if known is not None and record.links[epoch] is known.links[epoch]:
                continue
            start = time.perf_counter()
            found = prover.compared(record, epoch, prover.ends(record, epoch))
            seconds = round(time.perf_counter() - start, 2)
            line = {"what": what, "code": code, "seed": seed, "epoch": epoch, **found}
            self.write({**line, "seconds": seconds})

    def write(self, line: dict[str, Any]) -> None:
        """Adds a line to the file."""
        line = {"preset": self.preset.name, "device": self.arguments.device, **line}
        with self.arguments.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)


if __name__ == "__main__":
    main()
