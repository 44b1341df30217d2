"""The limit of a GPU's memory, with a driver of our own: nothing here needs a card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.sandbox import ForkServerError, ForkServerHandle, RemoteSubject, remote, vram
from autograder.sandbox.gpus import Gpu
from autograder.sandbox.vram import MIB, Reading, VramError, VramMeter
from autograder.subject import StudentError
from autograder.worker.confine import Caps
from tests.sandbox.conftest import PATIENCE, needs

CARD = Gpu("GPU-abc", 0, "a card")


def meter(*readings: Reading) -> VramMeter:
    """A meter whose driver gives one reading after the other, the last one for ever."""
    waiting = list(readings)
    return VramMeter(CARD, lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0])


def test_only_the_workers_own_processes_count() -> None:
    watched = meter(Reading(700, {7: 700}), Reading(4000, {7: 900, 12: 600, 13: 2500}))
    assert watched.used_mib({12, 13, 14}) == 3100


def test_where_processes_are_not_told_apart_the_growth_counts() -> None:
    """As in a container, whose process numbers the driver does not know."""
    watched = meter(Reading(700), Reading(4000), Reading(500))
    assert watched.used_mib({12}) == 3300
    assert watched.used_mib({12}) == 0


class Nvml:
    """As the module `pynvml`."""

    def __init__(self, processes: dict[int, int | None]) -> None:
        self.processes = processes

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        assert uuid == CARD.uuid
        return "handle"

    def nvmlDeviceGetMemoryInfo(self, card: str) -> Any:  # noqa: N802
        assert card == "handle"
        return SimpleNamespace(used=3000 * MIB)

    def nvmlDeviceGetComputeRunningProcesses(self, card: str) -> list[Any]:  # noqa: N802
        if not self.processes:
            raise RuntimeError("GPU is lost")
        found = self.processes.items()
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in found]


def test_nvml() -> None:
    reading = vram.by_library(Nvml({4: 2000 * MIB, 5: None}), CARD)
    assert reading == Reading(3000, {4: 2000})
    with pytest.raises(VramError, match="NVML: GPU is lost"):
        vram.by_library(Nvml({}), CARD)


def fake_command(folder: Path, script: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    script = """
[ "$1" = --id=GPU-abc ] || exit 3
case "$2" in
--query-gpu=memory.used) echo 3000 ;;
--query-compute-apps=pid,used_memory) echo "4, 2000"; echo "5, [N/A]" ;;
esac
"""
    fake_command(tmp_path, script)
    assert vram.by_command(CARD) == Reading(3000, {4: 2000})


def test_a_command_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VramError, match="nvidia-smi: "):
        vram.by_command(CARD)
    fake_command(tmp_path, "exit 9")
    with pytest.raises(VramError, match="exit status 9"):
        vram.by_command(CARD)


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServerHandle]:
    """A fork server whose workers have a card, but for the card."""
    monkeypatch.setattr(RemoteSubject, "_start_gpu", lambda _: None)
    with ForkServerHandle("process", CARD) as server:
        yield server


def watched_by(monkeypatch: pytest.MonkeyPatch, watched: VramMeter) -> None:
    monkeypatch.setattr(remote, "VramMeter", lambda _: watched)


@pytest.mark.parametrize("by_process", [True, False])
def test_more_memory_than_allowed(
    no_cuda: ForkServerHandle, monkeypatch: pytest.MonkeyPatch, by_process: bool
) -> None:
    """Told apart by process, or by what the card has in use."""

    class Grows(VramMeter):
        """Finds half of the limit at first, then more than it."""

        asked = 0

        def used_mib(self, pids: Any) -> float:
            Grows.asked += 1
            used = 4096.0 if Grows.asked < 3 else 8192.0 + remote.SPARE_VRAM_MIB + 1
            share = dict.fromkeys(sorted(pids)[:1], used) if by_process else {}
            self.reader = lambda _: Reading(used + 500, share)
            return super().used_mib(pids)

    watched_by(monkeypatch, Grows(CARD, lambda _: Reading(500)))
    subject = RemoteSubject(no_cuda, PATIENCE, Caps())
    subject.define("import time\ndef train():\n    time.sleep(1000)")
    with pytest.raises(StudentError) as caught:
        subject.call("train")
    assert Grows.asked == 3
    assert (caught.value.kind, caught.value.limit) == ("vram", "vram")
    assert caught.value.told == "Your `train` used more than 8 GiB of GPU memory."
    assert subject.number == 0
    assert no_cuda.ended == {}


def test_a_driver_that_stops_answering_is_a_failure_of_the_host(
    no_cuda: ForkServerHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(VramMeter):
        """Answers once."""

        def used_mib(self, pids: Any) -> float:
            raise VramError(f"NVML: GPU is lost ({len(pids)})")

    watched_by(monkeypatch, Lost(CARD, lambda _: Reading(500)))
    subject = RemoteSubject(no_cuda, PATIENCE, Caps())
    subject.define("import time\ndef train():\n    time.sleep(1000)")
    with pytest.raises(ForkServerError, match="cannot be watched: NVML: GPU is lost"):
        subject.call("train")
    subject.close()


SOCKETS = """
import socket
def f():
    found = []
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\\0cuda-like")
    listening.listen()
    for attempt in (
        lambda: socket.socket(socket.AF_UNIX).connect("\\0cuda-like"),
        lambda: socket.socket(socket.AF_INET),
        lambda: socket.socket(socket.AF_INET6),
        lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        lambda: __import__("os").fork(),
    ):
        try:
            attempt()
            found.append("done")
        except OSError as error:
            found.append(error.strerror)
    return found
"""


@pytest.mark.parametrize("level", ["strict", "landlock"])
def test_sockets_are_there_to_listen_on_and_for_nothing_else(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA does not start without one; none leads anywhere."""
    needs(level)
    monkeypatch.setattr(RemoteSubject, "_start_gpu", lambda _: None)
    watched_by(monkeypatch, meter(Reading(0)))
    with ForkServerHandle(level, CARD) as server:
        subject = RemoteSubject(server, PATIENCE, Caps())
        subject.define(SOCKETS)
        assert subject.call("f") == ["Operation not permitted"] * 5
        subject.close()


PROC = """
import os
def f():
    found = []
    for path in (
        f"/proc/self/task/{os.getpid()}/comm",
        "/proc/thread-self/comm",
        "/proc/1/comm",
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/proc/self/oom_score_adj",
    ):
        try:
            with open(path, "w") as file:
                file.write("-1000")
            found.append("written")
        except OSError as error:
            found.append("refused")
    return found
"""


@pytest.mark.parametrize("level", ["strict", "landlock"])
def test_of_proc_only_its_own_folder_can_be_written(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA names its threads there, and does not start where it cannot."""
    needs(level)
    monkeypatch.setattr(RemoteSubject, "_start_gpu", lambda _: None)
    watched_by(monkeypatch, meter(Reading(0)))
    with ForkServerHandle(level, CARD) as server:
        subject = RemoteSubject(server, PATIENCE, Caps())
        subject.define(PROC)
        assert subject.call("f") == ["written"] * 2 + ["refused"] * 4
        subject.close()


def test_torchs_own_error_names_the_limit_and_the_line(no_cuda: ForkServerHandle) -> None:
    with pytest.MonkeyPatch.context() as patch:
        watched_by(patch, meter(Reading(0)))
        subject = RemoteSubject(no_cuda, PATIENCE, Caps(vram_mib=1536))
    subject.define("def train():\n    raise torch.OutOfMemoryError('CUDA out of memory')")
    with pytest.raises(StudentError) as caught:
        subject.call("train")
    subject.close()
    said = "Your `train` used more than 1.5 GiB of GPU memory at line 2 of your answer."
    assert caught.value.told == said


def test_a_host_without_the_card_fails_before_an_answer_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched_by(monkeypatch, meter(Reading(0)))
    with ForkServerHandle("process", CARD) as server:
        with pytest.raises(ForkServerError, match="a worker cannot use the GPU"):
            RemoteSubject(server, PATIENCE, Caps())
        assert server.ended == {}
