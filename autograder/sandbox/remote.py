"""A student's answer in a worker: every exchange has a deadline and a size limit."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import Any

from ..subject import StudentError, Subject
from ..worker.confine import Caps
from ..worker.wire import PREFIX, Decoder, Encoder, WireError, pack, unpack_prefix
from .memory import workers_usage
from .pool import ForkServerHandle

MAX_REPLY = 64 * 2**20
# Everything that one answer sends; the log of a served object keeps most of it.
MAX_TRAFFIC = 2**30
MAX_CALLBACKS = 200_000
TICK = 0.5
# A worker comes with two processes around it, and with what they and the wire need.
SPARE_THREADS, SPARE_MIB = 8, 256
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
        self.deadline = time.monotonic() + wall
        self.number, self.connection = server.start(caps)
        # Not even a worker that never reads may hold the trusted side up.
        self.connection.setblocking(False)
        self.callbacks = 0
        self.traffic = 0
        self.look = time.monotonic() + TICK
        self.dead: StudentError | None = None

    def close(self) -> None:
        """Ends the worker and all that it started."""
        self.connection.close()
        if self.number:
            self.server.kill(self.number)
            self.number = 0

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
            raise
        except WireError as error:
            self.dead = StudentError("protocol", "WireError", str(error))
            raise self.dead from None

    def _count_callback(self) -> None:
        self.callbacks += 1
        if self.callbacks > MAX_CALLBACKS:
            raise StudentError("timeout", "Timeout", f"more than {MAX_CALLBACKS} calls of the UNet")

    def _send(self, message: Any) -> None:
        data = memoryview(pack(*Encoder(self.wrap).dumps(message)))
        while data:
            self._wait(write=True)
            try:
                data = data[self.connection.send(data) :]
            except BlockingIOError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                raise self._ended() from None

    def _receive(self) -> Any:
        header, payload = unpack_prefix(self._read(PREFIX.size), MAX_REPLY)
        self.traffic += header + payload
        if self.traffic > MAX_TRAFFIC:
            raise WireError(f"the answer sent more than {MAX_TRAFFIC // 2**20} MiB in all")
        return Decoder(self.unwrap).loads(self._read(header), self._read(payload))

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(write=False)
            try:
                part = self.connection.recv(min(size - len(data), 2**20))
            except BlockingIOError:
                continue
            except ConnectionResetError:
                part = b""
            if not part:
                raise self._ended()
            data += part
        return bytes(data)

    def _wait(self, write: bool) -> None:
        """Waits until the socket is ready; watches the clock and what the worker uses."""
        ours = [self.connection]
        while True:
            remaining = self.deadline - time.monotonic()
            if remaining <= 0:
                message = f"no answer within {self.wall:.0f} seconds"
                raise StudentError("timeout", "Timeout", message)
            self._check_usage()
            waiting = ([], ours) if write else (ours, [])
            ready = select.select(*waiting, [], min(TICK, remaining))
            if ready[0] or ready[1]:
                return

    def _check_usage(self) -> None:
        """Looks now and then, also while the worker keeps sending."""
        if time.monotonic() < self.look:
            return
        self.look = time.monotonic() + TICK
        used = workers_usage(self.server.process.pid)
        if used.memory_mib > self.caps.memory_mib + SPARE_MIB:
            message = f"your code used more than {self.caps.memory_mib / 1024:.1f} GiB of memory"
            raise StudentError("killed", "MemoryError", message)
        if used.threads > self.caps.processes + SPARE_THREADS:
            message = f"your code started more than {self.caps.processes} processes and threads"
            raise StudentError("killed", "RuntimeError", message)

    def _ended(self) -> StudentError:
        """What to say of a worker that is gone."""
        try:
            self.server.settle(self.number, SETTLE)
            status = self.server.kill(self.number)
        finally:
            self.number = 0
        return death(status, self.caps)


def death(status: int, caps: Caps) -> StudentError:
    """Puts a worker's end into words.

    Args:
        status: As `os.waitpid` gives it; inner workers' signals are exit codes above 128.
        caps: The limits that it had.
    """
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    if code == 128 + signal.SIGXCPU:
        return StudentError("timeout", "Timeout", f"your code ran for {caps.cpu} seconds of CPU")
    if code == 128 + signal.SIGKILL:
        message = "your code was killed: too much CPU time or memory, or it killed itself"
        return StudentError("killed", "Killed", message)
    if code > 128:
        name = signal.Signals(code - 128).name if code - 128 in set(signal.Signals) else "a signal"
        return StudentError("killed", "Crash", f"the Python process crashed ({name})")
    return StudentError("killed", "Exit", f"your code ended the Python process (exit code {code})")
