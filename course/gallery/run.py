"""Makes the figures one after the other; a finished one is kept, so that a run goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import kit
import torch
from kit import KitError

from .figures import SECTIONS, Plan, chosen
from .layout import shrink
from .studio import Studio

RECORD = "gallery.json"
"""File beside the figures: the weights that made them, each one's seconds on the clock and of all
cores together, and the precision."""


class GalleryError(Exception):
    """The gallery cannot start or go on; the message says what to do."""


class Watcher(Protocol):
    """Hears how a run goes on."""

    def planned(self, count: int) -> None:
        """Hears the number of figures."""

    def started(self, name: str) -> None:
        """Hears of a figure that is begun."""

    def called(self, pictures: int) -> None:
        """Hears of a call of the UNet, and on how many pictures."""

    def finished(self, name: str, seconds: float | None) -> None:
        """Hears of a figure that is there, and its seconds; None if it was there before."""


def gallery(
    out: Path,
    watcher: Watcher,
    *,
    only: Sequence[str] = (),
    source: str | None = None,
    device: str | None = None,
    bfloat16: bool = False,
    fresh: bool = False,
) -> list[Path]:
    """Makes Part A's figures with the reference solutions.

    Args:
        out: Folder of the PNG files, made where it is missing.
        watcher: Hears how it goes on.
        only: Sections to make; all by default.
        source: As in `kit.load_stage_1`.
        device: "cpu" or "cuda"; the GPU where there is one by default.
        bfloat16: Computes the UNet in bfloat16, the loops around it in float32 as ever.
        fresh: Makes figures again that are there.

    Returns:
        The figures' files.

    Raises:
        GalleryError: Unknown section, no such model or device, a folder that cannot be written or
            that holds figures of other weights, a full disk.
    """
    try:
        plans = chosen(only)
    except KeyError as error:
        raise GalleryError(
            f"--only {error.args[0]}: no such section; there are {', '.join(SECTIONS)}"
        ) from None
    _writable(out)
    studio = _studio(source, device)
    record = _Record(out, _fingerprint(studio.stage_1), fresh=fresh)  # of the weights as they are
    if bfloat16:
        # Block by block: the model's own .to warns of blocks that must stay float32; it has none.
        for block in studio.stage_1.unet.children():
            block.to(torch.bfloat16)
    watcher.planned(len(plans))
    hook = studio.stage_1.unet.register_forward_pre_hook(
        lambda _unet, arguments: watcher.called(len(arguments[0]))
    )
    try:
        return [_make(plan, studio, record, watcher, fresh=fresh) for plan in plans]
    finally:
        hook.remove()


def _make(plan: Plan, studio: Studio, record: _Record, watcher: Watcher, *, fresh: bool) -> Path:
    """Makes one figure; its file is there only when it is complete."""
    path = record.folder / f"{plan.name}.png"
    if path.exists() and plan.name in record.figures and not fresh:
        watcher.finished(plan.name, None)
        return path
    watcher.started(plan.name)
    start, cpu_start = time.perf_counter(), time.process_time()
    partial = path.with_suffix(".part.png")
    try:
        plan.make(studio, partial)
        shrink(partial)
        partial.replace(path)
        seconds = round(time.perf_counter() - start, 1)
        cpu_seconds = round(time.process_time() - cpu_start, 1)
        precision = str(studio.stage_1.unet.dtype).removeprefix("torch.")
        record.add(
            plan.name, {"seconds": seconds, "cpu_seconds": cpu_seconds, "precision": precision}
        )
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise GalleryError(
            f"{path} cannot be written ({error.strerror or error}); the figures before it are kept"
        ) from error
    watcher.finished(plan.name, seconds)
    return path


class _Record:
    """Which weights made the figures of a folder, in how many seconds and in which precision."""

    def __init__(self, folder: Path, weights: str, *, fresh: bool) -> None:
        self.folder, self.weights = folder, weights
        self.figures: dict[str, Any] = {}
        known = self._read()
        if known is None or known["weights"] == weights:
            self.figures = known["figures"] if known else {}
        elif not fresh:
            raise GalleryError(
                f"{folder} holds figures of other weights; give another --out, or --fresh to make "
                "them again"
            )

    def _read(self) -> dict[str, Any] | None:
        path = self.folder / RECORD
        if not path.exists():
            return None
        try:
            known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return {"weights": str(known["weights"]), "figures": dict(known["figures"])}
        except (ValueError, KeyError, TypeError) as error:
            raise GalleryError(
                f"{path} is no record of a gallery; remove it, the figures are then made again"
            ) from error

    def add(self, name: str, made: Mapping[str, float | str]) -> None:
        """Notes a finished figure, by a rename, so that the record is always whole."""
        # Another run may have added to the same folder meanwhile.
        known = self._read()
        self.figures = (known["figures"] if known else self.figures) | {name: dict(made)}
        partial = self.folder / f"{RECORD}.part"
        whole = {"weights": self.weights, "figures": self.figures}
        partial.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / RECORD)


def _writable(folder: Path) -> None:
    probe = folder / ".gallery.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise GalleryError(
            f"--out {folder} is no folder that can be written ({error.strerror}); give one of "
            "your own"
        ) from error


def _studio(source: str | None, device: str | None) -> Studio:
    if device not in (None, "cpu", "cuda"):
        raise GalleryError(f"--device {device}: there are cpu and cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise GalleryError("--device cuda: no GPU is to be seen here; take --device cpu")
    try:
        stage_1 = kit.load_stage_1(source, device)
    except KitError as error:
        raise GalleryError(str(error)) from None
    if stage_1.text_encoder is None:
        raise GalleryError(
            f"--source {source}: the gallery's prompts need the text encoder, which this model "
            "comes without"
        )
    # A tenth faster on CPUs; the numbers are the same up to rounding.
    stage_1.unet.to(memory_format=torch.channels_last)
    stage_1.set_progress_bar_config(disable=True)
    return Studio(stage_1)


def _fingerprint(stage_1: Any) -> str:
    """Return the first digits of a hash of the weights."""
    digest = hashlib.sha256()
    for model in (stage_1.unet, stage_1.text_encoder):
        for name, value in sorted(model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
