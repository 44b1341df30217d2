"""Runs the stages of a reproduction; each finished one is kept, so that a run goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from kit import KitError, load_digits
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from course.fast import TrainingError

from .base import Context, Data, Made, Stage
from .presets import PRESETS, Preset
from .stages import STAGES


class ReproduceError(Exception):
    """A reproduction cannot start or go on; the message says what to do."""


Say = Callable[[str], None]


@dataclass
class Found:
    """What a run has made so far.

    Attributes:
        numbers: Measured values by stage.
        arrays: Tensors for figures by "stage/name".
    """

    numbers: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Tensor] = field(default_factory=dict)


def reproduce(
    preset: str,
    device: str | None = None,
    work: Path = Path("reproduce"),
    data: Path | None = None,
    source: str | None = None,
    say: Say = print,
    *,
    batch: int | None = None,
    download: bool = False,
    folders: tuple[Path, ...] = (),
) -> Found:
    """Trains and samples Part B, stage by stage.

    Args:
        preset: Name of a preset.
        device: "cpu" or "cuda"; the GPU where there is one by default.
        work: Folder of checkpoints: a run that was interrupted goes on from it.
        data: Folder of MNIST; where the kit looks by default.
        source: "mnist" or "embedded"; MNIST where it is found by default.
        say: Gets one line for each thing that happens.
        batch: Pictures in a batch, for a GPU with little memory; the course's by default.
        download: Downloads MNIST where it is missing or damaged.
        folders: Made before the work starts, so that it is not in vain.

    Raises:
        ReproduceError: What was asked for is not there, or a training failed; says what to do.
    """
    chosen, where = _preset(preset, batch), _device(device)
    loaded = _data(chosen, where, data, source, download)
    _same_run(work, preset, loaded.name, chosen.batch)
    _make(folders)
    found, context = Found(), Context(work)
    for name, stage in STAGES.items():
        if stage.wanted(chosen):
            numbers, arrays = _finish(name, stage, chosen, loaded, context, say)
            found.numbers[name] = numbers
            found.arrays |= {f"{name}/{key}": value for key, value in arrays.items()}
    found.numbers["run"] = {"preset": preset, "digits": loaded.name, **_about(where, chosen)}
    return found


def _about(device: torch.device, preset: Preset) -> dict[str, Any]:
    return {"device": _device_name(device), "sample_stride": preset.sample_stride}


def _finish(
    name: str, stage: Stage, preset: Preset, data: Data, context: Context, say: Say
) -> Made:
    """A stage's result, kept from before or made now."""
    kept = _load(context.work, name)
    if kept is None:
        say(f"{name} ...")
        start = time.perf_counter()
        kept = _run(stage, preset, data, context, name)
        kept[0]["seconds"] = round(time.perf_counter() - start, 2)
        _save(context.work, name, *kept)
        say(f"{name}: {kept[0]['seconds']} s")
    else:
        say(f"{name}: done before")
    try:
        stage.restore(preset, data, context, kept[1])
    except RuntimeError:
        raise _other_network(context.work / f"{name}.safetensors") from None
    return kept


def _preset(name: str, batch: int | None) -> Preset:
    if name not in PRESETS:
        raise ReproduceError(f"unknown preset {name!r}: there are {', '.join(PRESETS)}")
    if batch is None:
        return PRESETS[name]
    if batch < 2:
        raise ReproduceError(f"--batch-size {batch}: a batch has 2 pictures or more")
    return replace(PRESETS[name], batch=batch, at_once=8 * batch)


def _run(stage: Stage, preset: Preset, data: Data, context: Context, name: str) -> Made:
    torch.manual_seed(180)
    try:
        return stage.run(preset, data, context)
    except torch.cuda.OutOfMemoryError:
        smaller = max(2, preset.batch // 2)
        raise ReproduceError(
            f"{name}: the GPU's memory is too small or in use by others; try --batch-size "
            f"{smaller} with another --work, or --device cpu"
        ) from None
    except TrainingError as error:
        raise ReproduceError(f"{name}: {error}") from None


def _other_network(path: Path) -> ReproduceError:
    return ReproduceError(
        f"{path} holds the weights of another network than this version's: remove it and its "
        ".json, and the stage runs again"
    )


def _device(name: str | None) -> torch.device:
    chosen = name or ("cuda" if torch.cuda.is_available() else "cpu")
    if chosen not in ("cpu", "cuda"):
        raise ReproduceError(f"--device {chosen}: there are cpu and cuda")
    if chosen == "cuda" and not torch.cuda.is_available():
        raise ReproduceError("--device cuda: no GPU is to be seen here; take --device cpu")
    return torch.device(chosen)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _data(
    preset: Preset, device: torch.device, root: Path | None, source: str | None, download: bool
) -> Data:
    try:
        train, test = (
            load_digits(source, root, train=train, download=download) for train in (True, False)
        )
    except KitError as error:
        raise ReproduceError(str(error)) from None
    count, tested = preset.digits or len(train), preset.test_digits or len(test)
    return Data(
        train.name,
        (train.images[:count, None].float() / 255).to(device),
        train.labels[:count].to(device),
        (test.images[:tested, None].float() / 255).to(device),
        test.labels[:tested].to(device),
    )


def _same_run(work: Path, preset: str, digits: str, batch: int) -> None:
    """Refuses to mix two presets, data sets or batch sizes in one folder."""
    mine = {"preset": preset, "digits": digits, "batch": batch}
    path = work / "run.json"
    try:
        work.mkdir(parents=True, exist_ok=True)
        if path.exists() and json.loads(path.read_text(encoding="utf-8")) != mine:
            raise ReproduceError(f"{work} holds another run: give another --work, or remove it")
        path.write_text(json.dumps(mine), encoding="utf-8")
    except ValueError:
        raise ReproduceError(f"{path} is damaged: give another --work, or remove {work}") from None
    except OSError as error:
        raise ReproduceError(f"--work {work}: cannot be written ({error.strerror})") from None


def _make(folders: tuple[Path, ...]) -> None:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReproduceError(f"{folder}: cannot be made ({error.strerror})") from None


def _save(work: Path, name: str, numbers: dict[str, Any], arrays: dict[str, Tensor]) -> None:
    """Both files are there or the stage counts as not done: numbers come last, by a rename."""
    plain = {key: value.detach().cpu().contiguous() for key, value in arrays.items()}
    try:
        save_file(plain, work / f"{name}.safetensors")
        partial = work / f"{name}.json.part"
        partial.write_text(json.dumps(numbers), encoding="utf-8")
        partial.replace(work / f"{name}.json")
    except (OSError, SafetensorError) as error:
        raise ReproduceError(
            f"{name}: cannot be kept in {work} ({error}); make room, and call again"
        ) from None
    for going in work.glob(f"{name}*.going.safetensors"):
        going.unlink()


def _load(work: Path, name: str) -> Made | None:
    path = work / f"{name}.json"
    if not path.exists():
        return None
    try:
        numbers = json.loads(path.read_text(encoding="utf-8"))
        return numbers, load_file(path.with_suffix(".safetensors"))
    except (ValueError, OSError, SafetensorError):
        raise ReproduceError(
            f"{path} or its .safetensors is damaged: remove both, and the stage runs again"
        ) from None
