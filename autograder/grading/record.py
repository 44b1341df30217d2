"""The record of a run, OUT/run.json: on what it ran, and how long each exercise took."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..results import ExerciseResult, SubmissionResult

NAME = "run.json"


def write_record(out: Path, facts: dict[str, Any], graded: Iterable[SubmissionResult]) -> Path:
    """Writes the record of a run, whole or not at all.

    Args:
        out: The output folder.
        facts: What the run has to say of itself, as JSON.
        graded: The results that this run made; those of earlier runs are not in its times.

    Returns:
        The file's path.
    """
    by_id: dict[str, list[ExerciseResult]] = defaultdict(list)
    for result in graded:
        for exercise in result.exercises:
            if exercise.device is not None:
                by_id[exercise.id].append(exercise)
    record = {**facts, "exercises": {key: _times(found) for key, found in by_id.items()}}
    return write_atomically(out / NAME, json.dumps(record, indent=1) + "\n")


def _times(found: list[ExerciseResult]) -> dict[str, Any]:
    """How often an exercise was run, on what, and its seconds."""
    seconds = [exercise.seconds for exercise in found]
    devices = [exercise.device for exercise in found]
    limits = [exercise.limit for exercise in found if exercise.limit]
    return {
        "runs": len(found),
        "devices": {str(name): devices.count(name) for name in sorted(map(str, set(devices)))},
        "limits": {name: limits.count(name) for name in sorted(set(limits))},
        "seconds": {
            "median": round(statistics.median(seconds), 3),
            "longest": max(seconds),
            "total": round(sum(seconds), 3),
        },
    }
