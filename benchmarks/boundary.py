"""What the process boundary costs: `python -m benchmarks.boundary`.

A worker at the strongest level gets a (1, 3, 64, 64) picture and gives it back; then its answer
calls the served UNet with the picture a hundred times, as a sampling loop does, which gives the
cost of one callback, with what the served UNet computes. A plain copy of the picture in this
process is there to compare with.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

import torch
import typer
from torch import Tensor

from autograder.sandbox import ForkServerHandle, RemoteSubject, require
from autograder.served import FakeStage
from autograder.worker.confine import Caps
from benchmarks.machine import describe, load, markdown_table, record

ANSWER = """
def back(im):
    return im

def loop(stage, im, prompt, n):
    for t in range(n):
        stage.unet(im, t, encoder_hidden_states=prompt, return_dict=False)
    return im
"""
CALLBACKS = 100


def measure(level: str, calls: int) -> dict[str, list[float]]:
    """Milliseconds of each call, and of a callback in each of a few loops."""
    torch.set_num_threads(1)
    picture, prompt = torch.randn(1, 3, 64, 64), torch.zeros(1, 77, 8)
    with ForkServerHandle(level) as server:
        student = RemoteSubject(server, 600.0, Caps(cpu=600))
        try:
            student.define(ANSWER)
            call = _times(lambda: student.call("back", picture), calls)
            none, many = (
                # Each loop has a stage of its own, as a stage counts its calls.
                _times(partial(_loop, student, picture, prompt, n), calls // 10)
                for n in (0, CALLBACKS)
            )
        finally:
            student.close()
    local = _times(lambda: picture.clone(), calls)
    callback = [(time - statistics.median(none)) / CALLBACKS for time in many]
    return {"call with a picture": call, "callback of the UNet": callback, "local copy": local}


def _loop(student: RemoteSubject, picture: Tensor, prompt: Tensor, callbacks: int) -> Tensor:
    result: Tensor = student.call("loop", FakeStage(), picture, prompt, callbacks)
    return result


def _times(step: Callable[[], Tensor], count: int) -> list[float]:
    """Milliseconds of each of `count` steps, after a few that are not counted."""
    for _ in range(min(count, 10)):
        step()
    found = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        found.append(1000 * (time.perf_counter() - start))
    return found


def report(found: dict[str, list[float]], level: str) -> str:
    """The result in Markdown."""
    rows = [
        (name, len(ms), f"{statistics.median(ms):.3f}", f"{statistics.quantiles(ms, n=20)[-1]:.3f}")
        for name, ms in found.items()
    ]
    head = ("what", "number", "median ms", "95 % below")
    return (
        f"# The boundary\n\n{__doc__ or ''}\nAt level `{level}`: {describe()}; load {load()}. The "
        f"goal is 1 ms for a call.\n\n{markdown_table(head, rows)}\n"
    )


def main(
    calls: Annotated[int, typer.Option(min=20, help="Calls to measure.")] = 1000,
    level: Annotated[str | None, typer.Option(help="Default: the strongest of this host.")] = None,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/boundary.md.")] = False,
) -> None:
    """Measures calls and callbacks through the process boundary."""
    used = require(level)
    found = measure(used, calls)
    text = report(found, used)
    print(text)
    if keep:
        record(
            "boundary",
            {
                "level": used,
                "load": load(),
                "median_ms": {name: statistics.median(ms) for name, ms in found.items()},
            },
            text,
        )


if __name__ == "__main__":
    typer.run(main)
