"""Measures the full tier: the solution over seeds, and known mistakes.

`python -m benchmarks.full_tier --preset full --device cuda --seeds 5 --out found.jsonl` adds a
line for each training; what the file has already is not run again. Our own answers only, so they
run in the processes of this program, over the same wire as in a worker.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.subject import Subject
    from course.exercise import Limits

SOLUTION = "solution"


@dataclass(frozen=True)
class Case:
    """One training: of the solution, or of a known mistake of the exercise that it judges."""

    kind: str
    answer: str
    seed: int
    preset: str
    device: str
    isolation: str = ""

    @property
    def key(self) -> str:
        """Its name in the file of results."""
        where = f"{self.preset}/{self.device}/{self.isolation}"
        return f"{where}/{self.kind}/{self.answer}/{self.seed}"


def cases(arguments: argparse.Namespace) -> Iterator[Case]:
    """What was asked for, the solution first."""
    from autograder.bank import mistakes
    from autograder.full.pieces import RUNS

    kinds = arguments.kinds.split(",")
    where = arguments.preset, arguments.device, arguments.isolation
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for kind in kinds:
            yield Case(kind, SOLUTION, seed, *where)
    if arguments.mistakes:
        for kind in kinds:
            for known in mistakes(RUNS[kind].exercise):
                if arguments.only and known.slug not in arguments.only.split(","):
                    continue
                yield Case(kind, known.slug, 100, *where)


def measure(case: Case) -> dict[str, Any]:
    """Trains and measures; what was found, as plain data."""
    os.environ["TQDM_DISABLE"] = "1"
    import torch

    from autograder.bank import answer_source, mistakes, solution_source
    from autograder.full.digits import digits_of, fresh_secret
    from autograder.full.pieces import RUNS, text_of
    from autograder.full.presets import PRESETS
    from autograder.full.running import Bench, findings
    from course.manifest import load_manifest

    torch.set_num_threads(1)
    run = next(run for kind, run in RUNS.items() if kind == case.kind)
    coded = {k: e for k, e in load_manifest().exercises.items() if e.part == "b" and not e.manual}
    answers: dict[str, str | None] = {k: solution_source(e) for k, e in coded.items()}
    if case.answer != SOLUTION:
        known = next(m for m in mistakes(run.exercise) if m.slug == case.answer)
        answers[run.exercise] = answer_source(coded[run.exercise], known)
    preset, secret = PRESETS[case.preset], fresh_secret()
    text = text_of(run, answers, set(answers))
    start = time.perf_counter()
    with worker(case, preset.limits) as student:
        bench = Bench(student, run, preset, digits_of(preset, secret), secret, case.seed)
        found = [asdict(finding) for finding in findings(bench, text)]
    seconds = round(time.perf_counter() - start, 2)
    device = torch.cuda.get_device_name() if case.device == "cuda" else "cpu"
    told = {"quarters": secret.quarters, "mirrored": secret.mirrored}
    return {**asdict(case), "seconds": seconds, "on": device, **told, "findings": found}


@contextmanager
def worker(case: Case, limits: Limits) -> Iterator[Subject]:
    """Where the answer runs: a worker at the isolation level, or this process."""
    from autograder.grading.exercise import caps_of
    from autograder.sandbox import ForkServerHandle, RemoteSubject
    from autograder.sandbox.gpus import visible
    from autograder.subject import LocalSubject

    if not case.isolation:
        yield LocalSubject(case.device)
        return
    gpu = visible()[0] if case.device == "cuda" else None
    with ForkServerHandle(case.isolation, gpu=gpu) as server:
        student = RemoteSubject(server, limits.wall, caps_of(limits))
        with closing(student):
            yield student


def main() -> None:
    """Runs what is missing in the file, some at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="smoke")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--kinds", default="denoiser,time,class")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--mistakes", action="store_true")
    parser.add_argument("--only", default="", help="slugs of mistakes, with commas between them")
    parser.add_argument("--isolation", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    done = set()
    if arguments.out.exists():
        lines = map(json.loads, arguments.out.read_text(encoding="utf-8").splitlines())
        done = {Case(*(line[k] for k in Case.__dataclass_fields__)).key for line in lines}
    todo = [case for case in cases(arguments) if case.key not in done]
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.jobs, maxtasksperchild=1) as pool:
        for found in pool.imap_unordered(measure, todo):
            with arguments.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            values = {f["exercise"]: [f["status"], f["values"]] for f in found["findings"]}
            print(
                found["kind"], found["answer"], found["seed"], found["seconds"], values, flush=True
            )


if __name__ == "__main__":
    main()
