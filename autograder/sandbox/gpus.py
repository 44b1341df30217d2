"""Which GPUs this host has, read from the driver's files: nothing here starts CUDA."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

DRIVER = Path("/proc/driver/nvidia/gpus")
# What every CUDA program opens, beside the card's own node.
SHARED_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools")
# How the hardware is laid out: CUDA starts without, but cannot place its threads and buffers.
READABLE = ("/proc/driver/nvidia", "/proc/devices", "/sys/devices/system")
# Where it names its threads.
WRITABLE = ("/proc/self",)


@dataclass(frozen=True)
class Gpu:
    """One card.

    Attributes:
        uuid: Its name for CUDA_VISIBLE_DEVICES, whatever else is in sight.
        minor: Number of its device node.
        model: What it is called.
        shared: Whether several workers may use it at the same time.
    """

    uuid: str
    minor: int
    model: str
    shared: bool = False

    @property
    def nodes(self) -> tuple[str, ...]:
        """The device nodes that a program needs to use this card and no other."""
        return (*SHARED_NODES, f"/dev/nvidia{self.minor}")


def installed(driver: Path = DRIVER) -> tuple[Gpu, ...]:
    """Every card of the driver, in the order of the bus, as `nvidia-smi` counts them."""
    folders = sorted(driver.iterdir()) if driver.is_dir() else []
    found = (_read(folder / "information") for folder in folders)
    return tuple(gpu for gpu in found if gpu is not None)


def visible(driver: Path = DRIVER) -> tuple[Gpu, ...]:
    """The cards that this process may use: those of CUDA_VISIBLE_DEVICES, in its order."""
    cards = tuple(gpu for gpu in installed(driver) if _is_device(gpu.nodes[-1]))
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return cards
    chosen: list[Gpu] = []
    for name in (part.strip() for part in wanted.split(",")):
        match = _named(name, cards)
        if match is None:  # CUDA, too, stops at the first name that it does not know
            break
        chosen.append(match)
    return tuple(dict.fromkeys(chosen))


def landlock_nodes(gpu: Gpu) -> list[str]:
    """The device nodes for a worker of level landlock.

    CUDA opens every card that the driver knows before it looks at CUDA_VISIBLE_DEVICES, and takes
    a refusal for a broken system. In a jail the other nodes are simply not there.
    """
    others = [f"/dev/nvidia{other.minor}" for other in installed() if other.uuid != gpu.uuid]
    return [*gpu.nodes, *others]


def _named(name: str, cards: tuple[Gpu, ...]) -> Gpu | None:
    if name.isdigit():
        return cards[int(name)] if int(name) < len(cards) else None
    known = [gpu for gpu in cards if name.startswith("GPU-") and gpu.uuid.startswith(name)]
    return known[0] if len(known) == 1 else None


def _read(path: Path) -> Gpu | None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = dict(re.findall(r"^([^:\n]+):[ \t]*(.*)$", text, re.MULTILINE))
    uuid, minor = fields.get("GPU UUID", ""), fields.get("Device Minor", "").strip()
    if not uuid.strip().startswith("GPU-") or not minor.isdigit():
        return None
    return Gpu(uuid.strip(), int(minor), fields.get("Model", "GPU").strip())


def _is_device(path: str) -> bool:
    try:
        return stat.S_ISCHR(Path(path).stat().st_mode)
    except OSError:
        return False
