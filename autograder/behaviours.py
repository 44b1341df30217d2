"""How known mistakes behave, saved: `python -m autograder.behaviours` makes the file anew.

Running an exercise's mistakes to compare an answer with them takes up to seconds. So their
behaviours are kept beside them, each entry with digests of what it depends on: an entry whose
digests are not those of this checkout is not used, and neither is any where torch draws other
random numbers than it did where the file was made; the mistakes are then run instead.
Values are compared with the tolerance of a diagnosis, so another processor's rounding is no matter.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor

from course.manifest import Exercise, load_manifest

from .bank import ROOT
from .fingerprints import file_digests, meaning_digest, unchanged

PATH = ROOT / "autograder" / "mistakes" / "behaviours.json.gz"
COMMAND = "python -m autograder.behaviours"
DIGITS = 7
CANARY_TOLERANCE = 1e-4

Behaviour = dict[str, Tensor | float | str]


def saved(exercise: Exercise, path: Path = PATH) -> dict[str, Behaviour] | None:
    """Behaviours of an exercise's mistakes by slug, or None where none are fresh.

    Args:
        exercise: Of the course's manifest.
        path: The file.
    """
    entry = _table(path).get(exercise.id)
    if entry is None or not is_fresh(exercise, entry):
        return None
    return {slug: {k: _loaded(v) for k, v in found.items()} for slug, found in entry["known"]}


def is_fresh(exercise: Exercise, entry: dict[str, Any]) -> bool:
    """Whether an entry was made from what this checkout holds."""
    if entry["sources"] == list(exercise.sources) and unchanged(entry["files"]):
        return True
    return bool(entry["meaning"] == meaning_digest(exercise))


def stale(path: Path = PATH) -> list[str]:
    """Exercises without a fresh entry."""
    table = _table(path)
    return [e.id for e in _coding() if e.id not in table or not is_fresh(e, table[e.id])]


def write(names: Sequence[str], path: Path = PATH) -> None:
    """Runs the mistakes of some exercises and keeps how they behave; other entries stay.

    Args:
        names: Ids of exercises.
        path: The file.
    """
    from .diagnosis import run_mistakes

    exercises = {exercise.id: exercise for exercise in _coding()}
    kept = _table(path, check=False)
    for name in names:
        known = [[k.mistake.slug, _stored(k.behaviour)] for k in run_mistakes(exercises[name])]
        kept[name] = {
            "sources": list(exercises[name].sources),
            "files": file_digests(exercises[name]),
            "meaning": meaning_digest(exercises[name]),
            "known": known,
        }
    entries = {name: kept[name] for name in sorted(kept) if name in exercises}
    whole = {"canary": _canary(), "torch": torch.__version__, "exercises": entries}
    data = json.dumps(whole, separators=(",", ":")).encode()
    # No time and no name within: equal behaviours give equal bytes.
    path.write_bytes(gzip.compress(data, mtime=0))
    _read.cache_clear()


def _coding() -> list[Exercise]:
    return [e for e in load_manifest().exercises.values() if not e.manual]


def _table(path: Path, check: bool = True) -> dict[str, Any]:
    """The entries; none where the file is missing or random numbers differ here."""
    whole = _read(path)
    if check and not _agrees(whole.get("canary", []), _canary()):
        return {}
    return dict(whole.get("exercises", {}))


@cache
def _read(path: Path) -> dict[str, Any]:
    try:
        whole = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError):  # a file that is gone or spoiled costs time only
        return {}
    return whole if isinstance(whole, dict) else {}


@cache
def _canary() -> list[float]:
    """A few numbers of each kind that probes draw: other builds of torch may draw others."""
    generator = torch.Generator().manual_seed(7)
    parts = [
        torch.randn(40, generator=generator),
        torch.randn(3, generator=generator),
        torch.rand(5, generator=generator),
        torch.randint(1000, (5,), generator=generator),
        torch.randperm(12, generator=generator),
    ]
    return [float(f"{float(v):.{DIGITS}g}") for v in torch.cat([p.double() for p in parts])]


def _agrees(a: list[float], b: list[float]) -> bool:
    return len(a) == len(b) and all(
        abs(x - y) < CANARY_TOLERANCE for x, y in zip(a, b, strict=True)
    )


def _stored(behaviour: Behaviour) -> dict[str, Any]:
    return {name: _plain(value) for name, value in behaviour.items()}


def _plain(value: Tensor | float | str) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Tensor):
        return [list(value.shape), [_rounded(float(v)) for v in value.detach().reshape(-1)]]
    return _rounded(float(value))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else value


def _loaded(value: Any) -> Tensor | float | str:
    if isinstance(value, list):
        shape, numbers = value
        return torch.tensor(numbers, dtype=torch.float64).reshape(shape)
    plain: float | str = value
    return plain


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help="Exercises; default: those without a fresh entry.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All exercises, fresh or not.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only name the stale ones.")] = False,
) -> None:
    """Runs known mistakes and saves how they behave."""
    known = [exercise.id for exercise in _coding()]
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        typer.echo(f"{unknown[0]}: no coding exercise of course/exercises.toml", err=True)
        raise typer.Exit(2)
    chosen = names or (known if every else stale())
    if check:
        for name in stale():
            typer.echo(f"{name}: its saved behaviours are stale; run `{COMMAND}`", err=True)
        raise typer.Exit(1 if stale() else 0)
    torch.set_num_threads(1)
    write(chosen)
    typer.echo(f"{len(chosen)} of {len(known)} exercises saved in {PATH.relative_to(ROOT)}")


if __name__ == "__main__":
    typer.run(main)
