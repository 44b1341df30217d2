"""What the full tier found of a training, and its form in `results.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from autograder.json_fields import Fields, ResultError

STATUSES: Final = ("passed", "failed", "error", "timeout", "skipped")


@dataclass(frozen=True)
class Finding:
    """What one training of the full tier gave.

    Attributes:
        exercise: The exercise that it judges.
        check: The check whose points it confirms.
        status: passed, failed, error, timeout, or skipped where nothing could be measured.
        values: What was measured, by name: test losses, shares of samples.
        message: What the student is told; empty where it passed.
        seconds: Wall-clock time.
        vram_mib: Most memory of the GPU in use, in MiB, as the worker says; 0 on the CPU.
        standins: Exercises in whose place something else stood.
    """

    exercise: str
    check: str
    status: str
    values: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    seconds: float = 0.0
    vram_mib: int = 0
    standins: tuple[str, ...] = ()


def line(finding: Finding) -> str:
    """What a report says of a training, in one line."""
    names = {
        "denoiser": "mean squared error on test digits",
        "time": "mean squared error of the noise",
        "class": "mean squared error of the noise",
        "no class": "without classes",
        "legible": "legible samples",
        "right": "samples that show the digit asked for",
        "distance": "distance to what the code leads to",
    }
    shown = [
        f"{names[name]} {value:.0%}"
        if name in ("legible", "right")
        else f"{names[name]} {value:.4f}"
        for name, value in finding.values.items()
        if name in names
    ]
    parts = [f"{finding.exercise}, {finding.check}: {finding.status}", *shown]
    if finding.standins:
        parts.append(f"something stood in for {', '.join(finding.standins)}")
    return "; ".join(parts) + (f". {finding.message}" if finding.message else "")


def to_json(finding: Finding) -> dict[str, Any]:
    """The object that stands in a line of `results.jsonl`."""
    return {
        "exercise": finding.exercise,
        "check": finding.check,
        "status": finding.status,
        "values": {name: round(value, 6) for name, value in finding.values.items()},
        "message": finding.message,
        "seconds": round(finding.seconds, 3),
        "vram_mib": finding.vram_mib,
        "standins": list(finding.standins),
    }


def from_json(data: object, where: str) -> Finding:
    """Reads what `to_json` gives.

    Raises:
        ResultError: A key is missing, unknown or of a wrong type.
    """
    fields = Fields(data, where)
    status = fields.text("status")
    if status not in STATUSES:
        raise ResultError(f"{where}.status: {status!r} is not one of {', '.join(STATUSES)}")
    standins = fields.items("standins")
    if not all(isinstance(name, str) for name in standins):
        raise ResultError(f"{where}.standins: expected strings only")
    finding = Finding(
        exercise=fields.text("exercise"),
        check=fields.text("check"),
        status=status,
        values=fields.numbers("values"),
        message=fields.text("message"),
        seconds=fields.number("seconds"),
        vram_mib=int(fields.number("vram_mib")),
        standins=tuple(map(str, standins)),
    )
    fields.close()
    return finding
