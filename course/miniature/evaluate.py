"""Runs the measures on a model and keeps the numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kit
import torch

from solutions.sampling import strided_timesteps

from . import measures
from .copies import nearest
from .errors import MiniatureError
from .judge import VIEWS, WIDTHS, load_judge, save_judge
from .judge_training import JudgeSettings, train_judge
from .measures import QUICK, Amount, Bench
from .painter import Painter
from .pairs import KINDS, find_pairs, write_pairs
from .record import Record
from .speed import measure_speed
from .table import lines
from .where import choose_device, find_pack

Say = Callable[[str], None]

MEASURES: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "recognition": measures.recognition,
    "generic": measures.generic,
    "all_names": measures.all_names,
    "held_out": measures.held_out,
    "anagrams": measures.anagrams,
    "hybrids": measures.hybrids,
}
OTHERS = ("copies", "speed")


@dataclass(frozen=True)
class Request:
    """What is asked of an evaluation; the fields are the command's options."""

    directory: Path
    pictograms: Path | None = None
    judges: Path = Path("judges")
    device: str | None = None
    quick: bool = False
    only: tuple[str, ...] = ()
    label: str | None = None
    record: Path | None = None
    figures: Path | None = None
    bfloat16: bool = False
    amount: Amount | None = None


def evaluate_model(request: Request, say: Say) -> dict[str, Any]:
    """Measure a model, telling and recording each measure as soon as it is done.

    Args:
        request: What to measure, and how.
        say: Told a line at a time; at the end, the table.

    Returns:
        The numbers by measure.

    Raises:
        MiniatureError: If the model, the judges, the pictograms or an option do not fit.
    """
    wanted = request.only or (*MEASURES, *OTHERS)
    for name in wanted:
        if name not in (*MEASURES, *OTHERS):
            raise MiniatureError(
                f"--only {name}: no such measure; there are {', '.join((*MEASURES, *OTHERS))}"
            )
    label = request.label or request.directory.resolve().name
    # Before anything is measured: a record that cannot be read or written would lose the numbers.
    record = Record(request.record, label)
    stage_1 = _model(request)
    record.model(_about(stage_1, request))
    bench = _bench(stage_1, request, say) if set(wanted) - {"speed"} else None
    for name in wanted:
        if name == "speed":
            found = _speed(request.directory)
        elif name == "copies":
            assert bench is not None
            found = nearest(bench, _figure(request, f"{label}_copies.png"))
        else:
            assert bench is not None
            found = MEASURES[name](bench)
        if found:
            record.add(name, found)
        say(f"{name}: {found or 'nothing to measure'}")
    for line in lines(record.models):
        say(line)
    if request.figures is not None:
        record.plot(request.figures / "recognition_by_scale.png")
    return record.models[label]


def train_judges(
    out: Path,
    pictograms: Path | None,
    device: str | None,
    size: tuple[int, int, float],
    say: Say,
) -> None:
    """Train both judges, or those that are not there yet.

    Args:
        out: Folder of `full.safetensors` and `near.safetensors`.
        pictograms: As in `find_pack`.
        device: Where, or None.
        size: Steps, batch size, and width of the networks (1 is full).
        say: Told a line from time to time.

    Raises:
        MiniatureError: If the pictograms are not there, or something cannot be read or written.
    """
    pack, place = find_pack(pictograms), choose_device(device)
    steps, batch_size, width = size
    widths = tuple(max(8, int(channels * width) // 8 * 8) for channels in WIDTHS)
    settings = JudgeSettings(steps=steps, batch_size=batch_size, widths=widths)
    for view in VIEWS:
        path, checkpoint = out / f"{view}.safetensors", out / f"{view}.checkpoint"
        if path.exists() and not checkpoint.exists():
            say(f"{path}: there already")
            continue
        judge, notes = train_judge(pack, view, settings, checkpoint, place, say)
        save_judge(judge, path, notes)
        checkpoint.unlink()


def search_pairs(request: Request, out: Path, size: tuple[int, int], say: Say) -> None:
    """Search pairs for anagrams and hybrids, and write lists and sheets.

    Args:
        request: Model, judges, pictograms and device.
        out: Folder of the lists and sheets.
        size: Largest number of pairs, and of pairs that get eight seeds.
        say: Told a line a pair.

    Raises:
        MiniatureError: As `evaluate_model`.
    """
    bench = _bench(_model(request), request, say)
    for kind in KINDS:
        found, pictures = find_pairs(bench, kind, most=size[0], kept=size[1])
        write_pairs(found, pictures, kind, out)
        for one in found:
            say(f"{kind}: {' + '.join(one.pair)}, seed {one.seed}: {one.score:.2f}")


def _model(request: Request) -> Any:
    device = choose_device(request.device)
    try:
        stage_1 = kit.load_stage_1(request.directory, device)
    except kit.KitError as error:
        raise MiniatureError(str(error)) from None
    if stage_1.text_encoder is None:
        raise MiniatureError(
            f"{request.directory} has no text encoder; the evaluation draws from words"
        )
    stage_1.unet.to(memory_format=torch.channels_last)
    if request.bfloat16:
        # The network alone: the loops and the blur of the hybrids stay in float32.
        stage_1.unet.forward = torch.autocast(device.type, torch.bfloat16)(stage_1.unet.forward)
    return stage_1


def _bench(stage_1: Any, request: Request, say: Say) -> Bench:
    device = stage_1.unet.device
    pack = find_pack(request.pictograms)
    full, near = (load_judge(request.judges / f"{view}.safetensors", device) for view in VIEWS)
    if (full.view, near.view) != VIEWS:
        raise MiniatureError(f"{request.judges}: the judges' files are exchanged; train them again")
    unknown = set(pack.names) - set(full.names)
    if unknown or full.names != near.names:
        raise MiniatureError(
            f"{request.judges}: the judges do not know {len(unknown)} of the pictograms' names; "
            "train them on these pictograms"
        )
    amount = request.amount or (QUICK if request.quick else Amount())
    batch_size = 256 if device.type == "cuda" else 8
    painter = Painter(stage_1, batch_size, strided_timesteps(stride=amount.stride))
    bench = Bench(painter, full, near, pack, amount, say)
    if len(bench.names) < 2:
        raise MiniatureError(
            f"{request.directory} knows {len(bench.names)} names of the pictograms"
        )
    return bench


def _about(stage_1: Any, request: Request) -> dict[str, Any]:
    """What the record says of a model."""
    digest = hashlib.sha256()
    for model in (stage_1.unet, stage_1.text_encoder):
        for name, value in sorted(model.state_dict().items()):
            digest.update(
                name.encode() + value.detach().float().cpu().contiguous().numpy().tobytes()
            )
    card = torch.cuda.get_device_name() if stage_1.unet.device.type == "cuda" else "CPU"
    return {
        "weights": digest.hexdigest()[:16],
        "parameters": sum(p.numel() for p in stage_1.unet.parameters()),
        "bytes": sum(f.stat().st_size for f in request.directory.rglob("*") if f.is_file()),
        "names": len(kit_names(stage_1)),
        "drawn_on": f"{card}, {'bfloat16' if request.bfloat16 else 'float32'}",
        "quick": request.quick,
    }


def kit_names(stage_1: Any) -> list[str]:
    """Names of the kit's list of which the model knows every word."""
    from kit.vocabulary import known_names

    from .names import known

    return known(stage_1, known_names())


def _speed(directory: Path) -> dict[str, Any]:
    try:
        return measure_speed(directory)
    except RuntimeError as error:
        raise MiniatureError(f"{directory}: the sample on two cores failed ({error})") from None


def _figure(request: Request, name: str) -> Path | None:
    if request.figures is None:
        return None
    request.figures.mkdir(parents=True, exist_ok=True)
    return request.figures / name
