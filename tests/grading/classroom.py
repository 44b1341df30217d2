"""A small class: the release's notebook with answers to two cheap exercises in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from autograder.bank import answer_source, mistakes, solution_source
from autograder.demo.people import Person
from autograder.demo.write import RELEASE, handed_in
from autograder.grading.journal import NAME
from course.manifest import load_manifest

EXERCISES = load_manifest().exercises
FORWARD, TIMESTEPS, FIGURE = "a1_1_forward", "a1_4_timesteps", "a1_1_figure"
IDS = (FORWARD, FIGURE, TIMESTEPS)
SECRET = "the hidden input is 0.123"

SOLVED = {key: solution_source(EXERCISES[key]) for key in (FORWARD, TIMESTEPS)}
MISTAKE = mistakes(FORWARD)[0]
WRONG = answer_source(EXERCISES[FORWARD], MISTAKE)
CRASH = "def forward(im, t, alphas_cumprod):\n    import ctypes\n    ctypes.string_at(0)\n"
ENDLESS = "def strided_timesteps(start=990, stride=30):\n    while True:\n        pass\n"
TELLS = f"def forward(im, t, alphas_cumprod):\n    raise ValueError({SECRET!r} + str(im))\n"
PRINTS = f"def forward(im, t, alphas_cumprod):\n    print({SECRET!r})\n    return {SECRET!r}\n"


def write_manifest(folder: Path) -> Path:
    """A manifest of the two exercises and one that is graded by hand."""
    tables = [_table(key) for key in IDS]
    path = folder / "exercises.toml"
    path.write_text("\n".join(tables), encoding="utf-8")
    return path


def _table(key: str) -> str:
    exercise = EXERCISES[key]
    lines = [f"[{key}]", f"title = {json.dumps(exercise.title)}", 'part = "a"']
    lines += [f"section = {json.dumps(exercise.section)}", 'device = "cpu"']
    if exercise.manual:
        lines += ["manual = true", "points = 3", 'rubric = ["A picture."]', 'kind = "figure"']
    else:
        checks = ", ".join(f"{name} = {points:g}" for name, points in exercise.checks.items())
        lines += [f"source = {json.dumps(exercise.sources[0])}", f"checks = {{ {checks} }}"]
        # An endless loop ends by its CPU time, so that an honest answer may wait long.
        lines += ['hint = "Think."', "limits = { wall = 120, cpu = 3 }"]
    return "\n".join(lines) + "\n"


def write_class(folder: Path, students: Mapping[str, Mapping[str, str]], manifest: Path) -> Path:
    """Writes submissions: each student's answers by exercise, SOLVED elsewhere."""
    release = nbformat.read(RELEASE / "part_a" / "part_a.ipynb", as_version=4)
    for name, answers in students.items():
        own = {**SOLVED, **answers}
        person = Person(name, ("part_a",), lambda _: None, own=own)
        path = folder / name / "part_a" / "part_a.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(handed_in(release, person, load_manifest(manifest)), encoding="utf-8")
    return folder


def lines_of(out: Path) -> dict[str, Any]:
    """The lines of results.jsonl by student."""
    text = (out / "results.jsonl").read_text(encoding="utf-8")
    found = [json.loads(line) for line in text.splitlines()]
    assert len({line["student"] for line in found}) == len(found)
    return {line["student"]: line for line in found}


def recorded(out: Path) -> list[str]:
    """The students in the journal, one for each whole line."""
    found = []
    for line in (out / NAME).read_bytes().split(b"\n"):
        try:
            _, result = json.loads(line.partition(b" ")[2])
        except ValueError:
            continue
        found.append(json.loads(result)["student"])
    return found
