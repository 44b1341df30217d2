"""What is said of each limit of an answer: one name, one sentence."""

from __future__ import annotations

from .worker.confine import Caps

# Those that the worker notices first, by an error that it turns into the limit's name.
TOLD_BY_WORKER = ("memory", "processes", "descriptors", "file", "reply", "output", "vram")
LIMITS = ("wall", "cpu", *TOLD_BY_WORKER)


def over(limit: str, caps: Caps, wall: float, what: str) -> str:
    """A sentence for the student, without its full stop.

    Args:
        limit: One of `LIMITS`.
        caps: The limits that were in force.
        wall: Seconds of real time.
        what: What ran: a name, or empty while the answer was being defined.
    """
    texts = {
        "wall": f"did not answer within {_plural(wall, 'second')}",
        "cpu": f"used more than {_plural(caps.cpu, 'second')} of processor time",
        "memory": f"used more than {_size(caps.memory_mib)} of memory",
        "processes": f"started more than {caps.processes} processes and threads",
        "descriptors": f"opened more than {caps.files} files at once",
        "file": f"wrote more than {_size(caps.scratch_mib)} to disk",
        "reply": f"returned more than {_size(caps.reply_mib)}",
        "output": f"printed more than {_size(caps.output_mib)}",
        "vram": f"used more than {_size(caps.vram_mib)} of GPU memory",
    }
    return f"Your {f'`{what}`' if what else 'code'} {texts[limit]}"


def _plural(count: float, unit: str) -> str:
    return f"{count:g} {unit}{'' if count == 1 else 's'}"


def _size(mib: int) -> str:
    return f"{mib / 1024:g} GiB" if mib >= 1024 and mib % 512 == 0 else f"{mib} MiB"
