"""A student's answer in a worker: every exchange has a deadline and a size limit."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from typing import Any

from ..subject import StudentError, Subject
from ..worker.confine import Caps
from ..worker.wire import PREFIX, Decoder, Encoder, WireError, pack, unpack_prefix
from .memory import workers_usage
from .pool import End, ForkServerError, ForkServerHandle
from .vram import VramError, VramMeter

# Everything that one answer sends; the log of a served object keeps most of it.
MAX_TRAFFIC = 2**30
MAX_CALLBACKS = 200_000
TICK = 0.5
AT_LEAST = 2**16
# A worker comes with two processes around it, and with what they and the wire need.
SPARE_THREADS, SPARE_MIB = 8, 256
# On a GPU, CUDA's own threads, and the memory of its context on either side.
SPARE_CUDA_THREADS, SPARE_CUDA_MIB, SPARE_VRAM_MIB = 64, 4096, 1024
SPARE_CUDA_FILES = 128
START_SECONDS = 180.0
SETTLE = 5.0


class RemoteSubject(Subject):
    """Runs one answer in a worker of its own; close it before its results are used.

    Args:
        server: The fork server to fork from.
        wall: Seconds of real time for everything that is asked of the answer.
        caps: Limits of the worker.
    """

    def __init__(self, server: ForkServerHandle, wall: float, caps: Caps) -> None:
        super().__init__()
        self.server = server
        self.wall = wall
        self.caps = caps
        self.meter = _meter(server)
        self.deadline = time.monotonic() + wall
        self.number, self.connection = server.start(_widened(caps) if server.gpu else caps)
        # Not even a worker that never reads may hold the trusted side up.
        self.connection.settimeout(TICK)
        self.unread = bytearray()
        self.callbacks = 0
        self.traffic = 0
        self.look = time.monotonic() + TICK
        self.cpu = 0.0
        self.dead: StudentError | None = None
        if self.meter is not None:
            self._start_gpu()

    def close(self) -> None:
        """Ends the worker and all that it started; `cpu` is then what it used, in seconds."""
        self.connection.close()
        if self.number:
            self.cpu = self.server.kill(self.number).cpu
            self.number = 0

    def _start_gpu(self) -> None:
        """Lets the worker start CUDA, before any of the student's code runs there."""
        self.device = "cuda"
        self.deadline = time.monotonic() + START_SECONDS
        try:
            self._request({"op": "start_gpu", "vram_mib": self.caps.vram_mib})
        except StudentError as error:
            self.close()
            raise ForkServerError(f"a worker cannot use the GPU ({error})") from None
        except BaseException:
            self.close()
            raise
        self.deadline = time.monotonic() + self.wall

    def _exchange(self, request: dict[str, Any]) -> Any:
        if self.dead is not None:
            raise self.dead
        try:
            self._send(request)
            while True:
                message = self._receive()
                if not isinstance(message, dict) or "callback" not in message:
                    return message
                self._count_callback()
                self._send(self.answer(message["callback"]))
        except StudentError as error:
            self.dead = error
        except WireError as error:
            self.dead = StudentError("protocol", "WireError", str(error))
        self.close()
        raise self.dead

    def _count_callback(self) -> None:
        self.callbacks += 1
        if self.callbacks > MAX_CALLBACKS:
            raise StudentError("timeout", "Timeout", f"more than {MAX_CALLBACKS} calls of the UNet")

    def _send(self, message: Any) -> None:
        data = memoryview(pack(*Encoder(self.wrap).dumps(message)))
        while data:
            self._watch()
            try:
                data = data[self.connection.send(data) :]
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                raise self._ended() from None

    def _receive(self) -> Any:
        header, payload = unpack_prefix(self._read(PREFIX.size))
        if payload > self.caps.reply_mib * 2**20:
            raise self.over("reply")
        self.traffic += header + payload
        if self.traffic > MAX_TRAFFIC:
            raise WireError(f"the answer sent more than {MAX_TRAFFIC // 2**20} MiB in all")
        return Decoder(self.unwrap).loads(self._read(header), self._read(payload))

    def _read(self, size: int) -> bytearray:
        """The next bytes; what arrives with them is kept, as a small frame comes in one piece."""
        data = self.unread
        while len(data) < size:
            self._watch()
            try:
                part = self.connection.recv(max(AT_LEAST, min(size - len(data), 2**20)))
            except TimeoutError:
                continue
            except ConnectionResetError:
                part = b""
            if not part:
                raise self._ended()
            data += part
        self.unread = data[size:]
        del data[size:]
        return data

    def _watch(self) -> None:
        """Before each wait, which is for a tick at most: the clock, and what the worker uses."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise self.over("wall")
        if remaining < TICK:
            self.connection.settimeout(remaining)
        self._check_usage()

    def _check_usage(self) -> None:
        """Looks now and then, also while the worker keeps sending."""
        if time.monotonic() < self.look:
            return
        self.look = time.monotonic() + TICK
        used = workers_usage(self.server.process.pid)
        spare_mib, spare_threads = SPARE_MIB, SPARE_THREADS
        if self.meter is not None:
            spare_mib, spare_threads = SPARE_CUDA_MIB, SPARE_CUDA_THREADS
            self._check_vram(used.pids)
        if used.memory_mib > self.caps.memory_mib + spare_mib:
            raise self.over("memory")
        if used.threads > self.caps.processes + spare_threads:
            raise self.over("processes")

    def _check_vram(self, pids: frozenset[int]) -> None:
        assert self.meter is not None
        try:
            used = self.meter.used_mib(pids)
        except VramError as error:
            raise ForkServerError(f"the memory of the GPU cannot be watched: {error}") from None
        if used > self.caps.vram_mib + SPARE_VRAM_MIB:
            raise self.over("vram")

    def _ended(self) -> StudentError:
        """What to say of a worker that is gone."""
        try:
            self.server.settle(self.number, SETTLE)
            end = self.server.kill(self.number)
        finally:
            self.number = 0
        self.cpu = end.cpu
        return self.over("cpu") if _out_of_time(end, self.caps) else death(end.status)


def _out_of_time(end: End, caps: Caps) -> bool:
    """Whether a worker reached its limit of processor time, whatever it did with the signal."""
    return _code(end.status) == 128 + signal.SIGXCPU or end.cpu > caps.cpu


def _widened(caps: Caps) -> Caps:
    """What the kernel allows a worker that uses a GPU: CUDA takes its part of everything."""
    return replace(
        caps,
        memory_mib=caps.memory_mib + SPARE_CUDA_MIB,
        processes=caps.processes + SPARE_CUDA_THREADS,
        files=caps.files + SPARE_CUDA_FILES,
    )


def _meter(server: ForkServerHandle) -> VramMeter | None:
    if server.gpu is None:
        return None
    try:
        return VramMeter(server.gpu)
    except VramError as error:
        raise ForkServerError(f"the memory of the GPU cannot be watched: {error}") from None


def _code(status: int) -> int:
    """The exit code; for a signal, 128 and its number, as inner workers give it."""
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def death(status: int) -> StudentError:
    """Puts a worker's end into words.

    Args:
        status: As `os.waitpid` gives it; inner workers' signals are exit codes above 128.
    """
    code = _code(status)
    if code == 128 + signal.SIGKILL:
        message = "your code was killed: it used too much memory, or it killed itself"
        return StudentError("killed", "Killed", message)
    if code > 128:
        name = signal.Signals(code - 128).name if code - 128 in set(signal.Signals) else "a signal"
        return StudentError("killed", "Crash", f"the Python process crashed ({name})")
    return StudentError("killed", "Exit", f"your code ended the Python process (exit code {code})")
