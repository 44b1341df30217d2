"""The full tier within a class: whose trainings are due, and where they run.

The quick tier comes first; what it found goes along, so that a training can only take points.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..full.errors import FullTierError
from ..full.pieces import RUNS
from ..full.presets import KINDS, PRESETS, Preset
from ..submission import Submission
from .devices import Devices
from .parts import HostError, Outcome, Task

TIERS = ("quick", "full")
Grade = Callable[[list[Task]], Iterator[tuple[Task, Outcome]]]


def preset_of(tier: str, name: str | None, devices: Devices) -> Preset | None:
    """The sizes of the full tier, None in the quick one.

    Args:
        tier: One of `TIERS`.
        name: Of `PRESETS`; None for the assignment's own sizes.
        devices: Where trainings can run.

    Raises:
        FullTierError: An unknown tier or preset, no GPU for the full preset, or no digits.
    """
    if tier not in TIERS:
        raise FullTierError(f"--tier {tier}: there are {' and '.join(TIERS)}")
    if tier == "quick":
        if name is not None:
            raise FullTierError(f"--preset {name} is for --tier full")
        return None
    if name is not None and name not in PRESETS:
        raise FullTierError(f"--preset {name}: there are {', '.join(PRESETS)}")
    preset = PRESETS[name or "full"]
    if preset.name == "full" and not devices.slots:
        raise FullTierError(
            "--tier full trains for minutes on a GPU, and this run has none: take a host with an "
            "NVIDIA GPU, or --device cpu --preset reduced for smaller networks and fewer digits"
        )
    from ..full.digits import available  # torch, which a class of the quick tier need not wait for

    available(preset)
    return preset


def with_trainings(
    outcomes: Iterable[tuple[Task, Outcome]], preset: Preset, devices: Devices, grade: Grade
) -> Iterator[tuple[Task, Outcome]]:
    """Outcomes of the full tier, from those of the quick one.

    Args:
        outcomes: Whole submissions of the quick tier.
        preset: The sizes.
        devices: Where trainings can run.
        grade: Runs tasks in the crew.
    """
    device = "cuda" if devices.slots else "cpu"
    waiting: list[Task] = []
    for task, outcome in outcomes:
        if isinstance(outcome, HostError):
            yield task, outcome
        elif any(run.exercise in {e.id for e in outcome.exercises} for run in RUNS.values()):
            whole = replace(task, device=device, only=None, parts=1)
            waiting.append(replace(whole, quick=outcome, preset=preset.name))
        else:
            yield task, replace(outcome, tier=preset.tier)
    yield from grade(waiting)


def training_key(key: str, item: Submission, preset: Preset) -> str:
    """The key of a submission of the full tier, by that of the quick one and the records.

    Args:
        key: Of the answers, the grader and the exercises.
        item: The submission, beside whose notebook records may lie.
        preset: The sizes.
    """
    from ..full.checkpoint import MAX_BYTES, record_path

    digest = hashlib.sha256(f"{key}/{preset.name}".encode())
    for kind in KINDS:
        path = record_path(item.path, kind)
        if path is not None and path.is_file() and path.stat().st_size <= MAX_BYTES:
            digest.update(path.read_bytes())
        digest.update(f"/{kind}/{path is not None}".encode())
    return digest.hexdigest()
