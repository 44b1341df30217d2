"""Whether the quick tier's checks of Part B say the same on the CPU and on a GPU.

`python -m benchmarks.full_tier_devices --out found.jsonl`: solutions, known mistakes and correct
variants of the exercises that train or sample; a line for each answer on each device. With
`--device` only one of them, so that a host without a GPU can make its half.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

EXERCISES = (
    "b1_2_noise",
    "b1_2_train",
    "b2_2_schedule",
    "b2_2_forward",
    "b2_4_forward",
    "b2_5_train",
    "b2_3_sample",
    "b2_5_sample",
)


def answers() -> list[tuple[str, str, str]]:
    """Exercise, kind and slug of every known answer."""
    from autograder.bank import mistakes, variants

    return [
        (exercise, kind, slug)
        for exercise in EXERCISES
        for kind, slugs in (
            ("solution", [""]),
            ("mistake", [known.slug for known in mistakes(exercise)]),
            ("variant", [known.slug for known in variants(exercise)]),
        )
        for slug in slugs
    ]


def outcome(case: tuple[str, str, str, str]) -> dict[str, Any]:
    """Which checks pass, and the diagnosis, on a device."""
    exercise, kind, slug, device = case
    os.environ["TQDM_DISABLE"] = "1"
    import torch

    from autograder.bank import Mistake, Variant, answer_source, mistakes, solution_source, variants
    from autograder.checking import check_module, run_checks
    from autograder.diagnosis import behaviour, diagnose
    from autograder.subject import LocalSubject, StudentError
    from course.manifest import load_manifest

    torch.set_num_threads(1)
    told = load_manifest().exercises[exercise]
    known: list[Mistake | Variant] = [*mistakes(exercise), *variants(exercise)]
    chosen = next((k for k in known if kind != "solution" and k.slug == slug), None)
    source = answer_source(told, chosen) if chosen else solution_source(told)
    student, start = LocalSubject(device), time.perf_counter()
    outcomes = run_checks(check_module(exercise), student, source, told.checks)
    found = None
    if not all(o.passed for o in outcomes):
        try:
            found = diagnose(exercise, behaviour(exercise, student))
        except StudentError:
            found = None
    return {
        "exercise": exercise,
        "kind": kind,
        "slug": slug,
        "device": device,
        "passed": [o.name for o in outcomes if o.passed],
        "diagnosis": found.slug if found else None,
        "seconds": round(time.perf_counter() - start, 2),
    }


def main() -> None:
    """Writes a line for each answer on each device, and says how many agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda", "both"), default="both")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    devices = ("cpu", "cuda") if arguments.device == "both" else (arguments.device,)
    cases = [(*answer, device) for answer in answers() for device in devices]
    said: dict[tuple[str, str], list[Any]] = {}
    # An error on the card ends CUDA for its whole process, so each answer has one of its own.
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.jobs, maxtasksperchild=1) as pool:
        for found in pool.imap_unordered(outcome, cases, chunksize=1):
            with arguments.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            key = found["exercise"], found["slug"]
            said.setdefault(key, []).append([sorted(found["passed"]), found["diagnosis"]])
    differing = {key: pair for key, pair in said.items() if len(pair) == 2 and pair[0] != pair[1]}
    print(f"{len(said)} answers, {len(devices)} devices, {len(differing)} differ")
    for key, pair in differing.items():
        print(key, pair)


if __name__ == "__main__":
    main()
