"""What a number was measured on: a result without it says little."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Machine:
    """The host of a benchmark.

    Attributes:
        processor: Name of the processor.
        cores: Cores that this process may use.
        system: Kernel.
        python: Version of Python.
        torch: Version of PyTorch.
    """

    processor: str
    cores: int
    system: str
    python: str
    torch: str

    def __str__(self) -> str:
        return (
            f"{self.cores} cores of {self.processor}, {self.system}, Python {self.python}, "
            f"PyTorch {self.torch}"
        )


def describe() -> Machine:
    """This host."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        torch=torch.__version__,
    )


def load() -> float:
    """Processes that wanted a core in the last minute, on average: above `cores` they waited."""
    return round(os.getloadavg()[0], 1)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown; columns after the first are aligned to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def record(name: str, data: dict[str, Any], markdown: str) -> None:
    """Keeps a result as `benchmarks/<name>.json` and, for people, `<name>.md`."""
    whole = {"machine": asdict(describe()), **data}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (HERE / f"{name}.md").write_text(markdown.strip() + "\n", encoding="utf-8")
    print(f"recorded in benchmarks/{name}.md")
