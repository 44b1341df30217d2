"""What a GPU worker costs and what stops it: `python -m benchmarks.gpu_workers`.

Needs an NVIDIA card. At each level that the host offers: how long a fork server and a worker with
CUDA take to start, what the worker holds before an answer has done anything, a call with a
picture through the boundary; then answers that try to use more of the card than they may, or what
is not theirs, with what became of each and after how long; last, the rate of a short exercise,
with one GPU worker at a time and with several on one card.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import torch
import typer

from autograder.bank import solution_source
from autograder.grading.exercise import grade_exercise
from autograder.sandbox import LEVELS, ForkServerHandle, RemoteSubject, detect, gpus
from autograder.sandbox.gpus import Gpu
from autograder.sandbox.memory import workers_usage
from autograder.subject import HostFailureError, StudentError
from autograder.worker.confine import Caps
from benchmarks.machine import describe, load, markdown_table, record
from course.manifest import load_manifest

CAPS = Caps(cpu=300, vram_mib=2048)
EXERCISE = "b1_1_unet"

PRELUDE = """
import ctypes, os, socket, time
def same(im):
    return im
def hold(gib, how):
    if how != "torch":
        torch.cuda.set_per_process_memory_fraction(1.0)
    hoard = []
    for _ in range(gib):
        if how == "driver":
            hoard.append(ctypes.c_void_p())
            size = ctypes.c_size_t(2**30)
            ctypes.CDLL("libcuda.so.1").cuMemAlloc_v2(ctypes.byref(hoard[-1]), size)
        else:
            hoard.append(torch.empty(2**28, device="cuda"))
    time.sleep(30)
    return "held"
def other(nodes):
    reached = []
    for node in nodes:
        try:
            os.close(os.open(node, os.O_RDWR))
            reached.append(node)
        except OSError:
            pass
    return "reached" if reached else "refused"
def connect(address):
    try:
        socket.create_connection(address, 5)
        return "reached"
    except ConnectionRefusedError:
        return "reached"
    except OSError:
        return "refused"
def listing(folder):
    try:
        return "reached" if os.listdir(folder) else "refused"
    except OSError:
        return "refused"
def fault(n):
    x = torch.zeros(4, device="cuda")
    return x[torch.full((n,), 10**6, device="cuda")].sum().item()
"""


class Attempt(NamedTuple):
    """Something that an answer tries."""

    what: str
    name: str
    args: tuple[Any, ...]


def attempts(gpu: Gpu) -> list[Attempt]:
    """What is tried on a card, with 2 GiB allowed."""
    others = [f"/dev/nvidia{card.minor}" for card in gpus.installed() if card.uuid != gpu.uuid]
    return [
        Attempt("8 GiB by torch", "hold", (8, "torch")),
        Attempt("8 GiB by torch, its share of memory set back", "hold", (8, "share")),
        Attempt("8 GiB from the driver, past torch", "hold", (8, "driver")),
        Attempt("a fault on the card", "fault", (5,)),
        *([Attempt("another card's node", "other", (others,))] if others else []),
        Attempt("a connection", "connect", (("127.0.0.1", 9),)),
        Attempt("the grader's folder", "listing", (str(gpus.__file__).rpartition("/")[0],)),
    ]


@contextlib.contextmanager
def started(server: ForkServerHandle) -> Iterator[RemoteSubject]:
    """A worker that is closed at the end."""
    student = RemoteSubject(server, 60.0, CAPS)
    try:
        student.define(PRELUDE)
        yield student
    finally:
        student.close()


def costs(level: str, gpu: Gpu) -> dict[str, float]:
    """Seconds, milliseconds and MiB of a level's workers."""
    begun = time.monotonic()
    with ForkServerHandle(level, gpu) as server:
        ready = time.monotonic() - begun
        starts, calls, held, host = [], [], 0.0, 0.0
        picture = torch.randn(1, 3, 64, 64)
        for _ in range(5):
            begun = time.monotonic()
            with started(server) as student:
                starts.append(time.monotonic() - begun)
                used = workers_usage(server.process.pid)
                assert student.meter is not None
                held, host = student.meter.used_mib(used.pids), used.memory_mib
                for _ in range(100):
                    begun = time.perf_counter()
                    student.call("same", picture)
                    calls.append(1000 * (time.perf_counter() - begun))
    return {
        "fork server, s": round(ready, 2),
        "worker with CUDA, s": round(statistics.median(starts), 2),
        "call with a picture, ms": round(statistics.median(calls), 3),
        "memory of the card, MiB": round(held),
        "memory of the host, MiB": round(host),
    }


def outcomes(level: str, gpu: Gpu) -> dict[str, str]:
    """What became of each attempt, and after how many seconds."""
    found = {}
    with ForkServerHandle(level, gpu) as server:
        for attempt in attempts(gpu):
            with started(server) as student:
                begun = time.monotonic()
                try:
                    said = str(student.call(attempt.name, *attempt.args))
                except StudentError as error:
                    said = f"stopped: {error.limit or error.kind}"
                found[attempt.what] = f"{said}, {time.monotonic() - begun:.1f} s"
        with started(server) as student:
            assert torch.equal(student.call("same", torch.ones(3)), torch.ones(3))
    return found


def rate(level: str, gpu: Gpu, workers: int, answers: int) -> float:
    """Answers a minute of a short exercise, by this many workers at a time on one card."""
    exercise = load_manifest().exercises[EXERCISE]
    source = solution_source(exercise)
    servers = [ForkServerHandle(level, replace(gpu, shared=workers > 1)) for _ in range(workers)]
    try:
        begun = time.monotonic()
        with ThreadPoolExecutor(workers) as pool:
            jobs = [
                pool.submit(grade_exercise, servers[number % workers], exercise, source)
                for number in range(answers)
            ]
        assert {job.result().status for job in jobs} == {"passed"}
    finally:
        for server in servers:
            server.close()
    return round(60 * answers / (time.monotonic() - begun), 1)


def measure(level: str, gpu: Gpu, answers: int) -> dict[str, Any]:
    """All of it at one level, or why it cannot be had."""
    try:
        rates = {str(n): rate(level, gpu, n, answers) for n in (1, 4)}
        return {"costs": costs(level, gpu), "outcomes": outcomes(level, gpu), "rates": rates}
    except HostFailureError as error:
        return {"failed": str(error)}


def report(found: dict[str, dict[str, Any]], gpu: Gpu, answers: int) -> str:
    """The result in Markdown."""
    levels = [level for level, data in found.items() if "failed" not in data]
    parts = [f"# GPU workers\n\n{__doc__ or ''}\n{gpu.model}; {describe()}; load {load()}."]
    for level, data in found.items():
        if "failed" in data:
            parts.append(f"Level `{level}` cannot be had with a card here: {data['failed']}.")
    for title, key in (("Costs", "costs"), ("Attempts, with 2 GiB allowed", "outcomes")):
        names = list(found[levels[0]][key]) if levels else []
        rows = [(name, *(found[level][key][name] for level in levels)) for name in names]
        parts.append(f"## {title}\n\n{markdown_table(('what', *levels), rows)}")
    rows = [(f"{n} at a time", *(found[level]["rates"][n] for level in levels)) for n in ("1", "4")]
    head = (f"`{EXERCISE}`, {answers} answers: answers a minute", *levels)
    parts.append(f"## Rate\n\n{markdown_table(head, rows)}")
    return "\n\n".join(parts)


def main(
    answers: Annotated[int, typer.Option(min=4, help="Answers for the rate.")] = 12,
    level: Annotated[str | None, typer.Option(help="Default: each that this host offers.")] = None,
    keep: Annotated[
        bool, typer.Option("--record", help="Write benchmarks/gpu_workers.md.")
    ] = False,
) -> None:
    """Measures workers that use a GPU, and tries to get past their limits."""
    cards = gpus.visible()
    if not cards:
        print("This host has no NVIDIA GPU: nothing was measured.")
        raise typer.Exit(2)
    levels = [level] if level else [name for name in LEVELS if detect()[name].available]
    found = {name: measure(name, cards[0], answers) for name in levels}
    text = report(found, cards[0], answers)
    print(text)
    if keep:
        record("gpu_workers", {"gpu": cards[0].model, "load": load(), "levels": found}, text)


if __name__ == "__main__":
    typer.run(main)
