"""Writes the page of the full tier from what its benchmarks found.

`python -m benchmarks.full_tier_page FOUND.jsonl... ` takes the lines of `full_tier`,
`full_tier_proof` and `full_tier_devices`, keeps them in `full_tier.json` and writes
`full_tier.md`. Without files it writes the page anew.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.full.presets import PRESETS
from autograder.full.proof import (
    FARTHEST,
    LEAST_ALIKE,
    LONGEST,
    NEAREST,
    SHORTEST,
    fits,
)
from benchmarks.machine import markdown_table

FOLDER = Path(__file__).parent
KEPT, PAGE = FOLDER / "full_tier.json", FOLDER / "full_tier.md"
NAMES = ("denoiser", "time", "class", "no class", "legible", "right")
Line = dict[str, Any]


def trainings(lines: list[Line]) -> list[str]:
    """The solution by preset and device, then each mistake."""
    parts: list[str] = []
    by_run: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        by_run[line["preset"], line["on"], line["kind"]].append(line)
    rows = [
        [preset, on, kind, len(own), *_spread(own), _seconds(own), max(map(_vram, own))]
        for (preset, on, kind), all_ in sorted(by_run.items())
        if (own := [line for line in all_ if line["answer"] == "solution"])
    ]
    head = ("preset", "on", "training", "runs", *NAMES, "seconds", "VRAM, MiB")
    parts += ["## The solution", "", "Worst of all runs; seconds are least to most.", ""]
    parts += [markdown_table(head, rows), "", "Bounds:", ""]
    for preset in PRESETS.values():
        bounds = preset.bounds
        told = ", ".join(f"{name} at most {value:g}" for name, value in bounds.losses.items())
        shares = f"legible at least {bounds.legible:g}, right at least {bounds.right:g}"
        parts.append(f"- `{preset.name}`: {told}; {shares}.")
    parts += ["", "## Known mistakes", "", "Lines in bold are caught by the full tier.", ""]
    wrong = sorted(
        (line for line in lines if line["answer"] != "solution"),
        key=lambda line: (line["preset"], line["kind"], line["answer"]),
    )
    columns = ("preset", "on", "training", "mistake", *NAMES, "verdict", "seconds", "VRAM, MiB")
    return [*parts, markdown_table(columns, [_mistake(line) for line in wrong]), ""]


def _mistake(line: Line) -> list[Any]:
    found = line["findings"][0]
    caught = verdict(line) != "passed"
    name = f"**{line['answer']}**" if caught else line["answer"]
    values = [_short(found["values"].get(key)) for key in NAMES]
    where = line["preset"], line["on"], line["kind"]
    return [*where, name, *values, verdict(line), round(line["seconds"]), _vram(line)]


def verdict(line: Line) -> str:
    """What today's bounds say of a training."""
    found = line["findings"][0]
    if found["status"] not in ("passed", "failed") or not found["values"]:
        return str(found["status"])
    bounds, values = PRESETS[line["preset"]].bounds, found["values"]
    high = any(values.get(name, 0.0) > bound for name, bound in bounds.losses.items())
    low = values.get("legible", 1.0) < bounds.legible or values.get("right", 1.0) < bounds.right
    return "failed" if high or low else "passed"


def _spread(lines: list[Line]) -> list[str]:
    found = []
    for name in NAMES:
        values = [line["findings"][0]["values"].get(name) for line in lines]
        known = [value for value in values if value is not None]
        worst = (min if name in ("legible", "right") else max)(known) if known else None
        found.append(_short(worst))
    return found


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}" if value < 10 else f"{value:.3g}"


def _seconds(lines: list[Line]) -> str:
    seconds = [line["seconds"] for line in lines]
    return f"{min(seconds):.0f} to {max(seconds):.0f}"


def _vram(line: Line) -> int:
    return max(int(finding["vram_mib"]) for finding in line["findings"])


def proofs(lines: list[Line]) -> list[str]:
    """Records: honest ones, attacks, and honest ones with other code."""
    groups: dict[tuple[str, str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line["preset"], line["device"], line["what"], line["code"]].append(line)
    rows = [[*key, *_proof(group)] for key, group in sorted(groups.items())]
    head = (
        "preset",
        "device",
        "record",
        "submitted code",
        "distance/length",
        "likeness",
        "refused",
    )
    bounds = (
        f"Refused where the distance is not between {NEAREST:g} and {FARTHEST:g}, the length not "
        f"between {SHORTEST:g} and {LONGEST:g}, or the likeness below {LEAST_ALIKE:g} (see "
        "`autograder/full/proof.py`). Both by epoch: distance/length. A record is refused by the "
        "epoch that is chosen, or by its likeness whatever epoch that is. The smoke preset's "
        "networks have four hidden channels and take 16 steps an epoch, so that only coarse "
        "mistakes show: classes hardly move such a network."
    )
    return ["## Recorded trainings", "", bounds, "", markdown_table(head, rows), ""]


def _proof(group: list[Line]) -> list[str]:
    known = [line for line in group if "distance" in line]
    distances = "; ".join(
        f"{line['epoch'] + 1}: {line['distance']:.3g}/{line['length']:.3g}"
        for line in sorted(known, key=lambda line: (line["epoch"], line["seed"]))
    )
    if not known:
        return ["–", "–", "always: it fails"]
    likeness = min(line["likeness"] for line in known)
    if likeness < LEAST_ALIKE:
        return [distances, _short(likeness), "always"]
    out = [line for line in group if "distance" not in line or not fits(line)]
    return [distances, _short(likeness), f"{len(out)} of {len(group)} epochs"]


def agreement(lines: list[Line]) -> list[str]:
    """Whether both devices say the same of each answer."""
    said: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for line in lines:
        outcome = sorted(line["passed"]), line["diagnosis"]
        said[line["exercise"], line["slug"]][line["device"]] = outcome
    both = {key: by for key, by in said.items() if len(by) == 2}
    differing = [key for key, by in both.items() if by["cpu"] != by["cuda"]]
    names = "; ".join(f"{exercise}/{slug or 'solution'}" for exercise, slug in differing)
    told = f"{len(both)} answers on both devices, {len(differing)} of them with another verdict"
    parts = ["## The quick tier on CPU and GPU", "", f"{told}{f': {names}' if names else ''}.", ""]
    return [*parts, *DIFFERING] if differing else parts


def page(lines: Iterable[Line]) -> str:
    """The page in Markdown."""
    lines = list(lines)
    parts: list[str] = ["# The full tier", "", *INTRODUCTION]
    parts += trainings([line for line in lines if "findings" in line])
    parts += proofs([line for line in lines if "what" in line])
    parts += agreement([line for line in lines if "passed" in line])
    return "\n".join(parts)


DIFFERING = (
    "The variants among them draw their noise on the CPU whatever the device is, so they are right "
    "on a CPU only; the manifest has these exercises graded there. The mistake is caught on both, "
    "by one check more on the GPU.",
    "",
)
INTRODUCTION = (
    "Written by `python -m benchmarks.full_tier_page` from what `benchmarks.full_tier`, "
    "`benchmarks.full_tier_proof` and `benchmarks.full_tier_devices` found. Times are of machines "
    "that did other work as well: several trainings shared a card, so they are upper bounds.",
    "",
    "Not measured yet: more than one seed of the class-conditioned training and any of the one "
    "without classes at the full size (their bounds lie 20 to 30 % above the losses of "
    "`part_b.md`, which are of the same mathematics); mistakes other than the denoiser's; "
    "records of full size. The run at full size was judged by an earlier judge, of the same size "
    "and without a class for what is no digit.",
    "",
)


def main() -> None:
    """Adds files to what is kept, and writes the page."""
    lines: list[Line] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else []
    for name in sys.argv[1:]:
        lines += map(json.loads, Path(name).read_text(encoding="utf-8").splitlines())
    unique = {json.dumps(line, sort_keys=True): line for line in lines}
    body = ",\n".join(json.dumps(line) for line in unique.values())
    KEPT.write_text(f"[\n{body}\n]\n", encoding="utf-8")
    PAGE.write_text(page(unique.values()), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
