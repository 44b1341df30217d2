"""How much memory of a GPU a worker uses, as the driver sees it: nothing here starts CUDA.

NVML is asked through `nvidia-ml-py` where that is installed, else by the command `nvidia-smi`.
"""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .gpus import Gpu, visible

MIB = 2**20
SMI_SECONDS = 30


class VramError(Exception):
    """The driver does not say how much memory is used."""


@dataclass(frozen=True)
class Reading:
    """What the driver says of one card.

    Attributes:
        used_mib: Memory in use by everybody.
        by_process: Memory in use by each process, by its number, where the driver tells.
    """

    used_mib: float
    by_process: Mapping[int, float] = field(default_factory=dict)


Reader = Callable[[Gpu], Reading]


class VramMeter:
    """Measures one worker's share of a card.

    Where the driver does not know our processes by number (in a container, say), what the card
    has in use beyond what it had before is taken: right if nobody else uses it meanwhile.

    Args:
        gpu: The card.
        reader: Asks the driver.

    Raises:
        VramError: The driver does not answer.
    """

    def __init__(self, gpu: Gpu, reader: Reader | None = None) -> None:
        self.gpu = gpu
        self.reader = reader or _reader()
        self.before = self.reader(gpu).used_mib

    def used_mib(self, pids: Collection[int]) -> float:
        """What these processes use, the context that CUDA itself makes included."""
        reading = self.reader(self.gpu)
        ours = [mib for pid, mib in reading.by_process.items() if pid in pids]
        if ours:
            return sum(ours)
        if self.gpu.shared:
            raise VramError("the driver does not tell processes apart: use one slot for a card")
        return max(0.0, reading.used_mib - self.before)


@cache
def _reader() -> Reader:
    try:
        nvml: Any = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # not installed, or without the driver's library
        return by_command
    return lambda gpu: by_library(nvml, gpu)


def by_library(nvml: Any, gpu: Gpu) -> Reading:
    """Asks NVML, the module `pynvml`."""
    try:
        card = nvml.nvmlDeviceGetHandleByUUID(gpu.uuid)
        used = nvml.nvmlDeviceGetMemoryInfo(card).used / MIB
        found = nvml.nvmlDeviceGetComputeRunningProcesses(card)
    except Exception as error:
        raise VramError(f"NVML: {error}") from None
    known = {p.pid: p.usedGpuMemory / MIB for p in found if p.usedGpuMemory is not None}
    return Reading(used, known)


def by_command(gpu: Gpu) -> Reading:
    """Asks `nvidia-smi`."""
    (total,) = _ask(gpu, "--query-gpu=memory.used")
    rows = [line.split(",") for line in _ask(gpu, "--query-compute-apps=pid,used_memory")]
    known = {int(pid): float(mib) for pid, mib in rows if mib.strip().replace(".", "").isdigit()}
    return Reading(float(total), known)


def _ask(gpu: Gpu, query: str) -> list[str]:
    command = ["nvidia-smi", f"--id={gpu.uuid}", query, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SMI_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise VramError(f"nvidia-smi: {error}") from None
    return [line for line in done.stdout.splitlines() if line.strip()]


def gpu_lines() -> list[str]:
    """What `autograder doctor` says of the cards here, a line for each."""
    lines = []
    for gpu in visible():
        try:
            VramMeter(gpu)
        except VramError as error:
            lines.append(f"GPU {gpu.model}: cannot be used, its memory cannot be watched ({error})")
        else:
            lines.append(f"GPU {gpu.model}: usable, one answer at a time, its memory is watched.")
    return lines or ["No GPU: exercises that are meant for one run on the CPU."]
