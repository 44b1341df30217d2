"""The trusted side's handle on a fork server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import time
from dataclasses import asdict
from typing import Any, NamedTuple

from ..failures import HostFailureError
from ..worker.confine import Caps
from . import jail
from .forked import Forked
from .gpus import Gpu

START_SECONDS = 180.0
# What the kernel says of a message's sender: process, user, group.
CREDENTIALS = struct.Struct("3i")
END_SECONDS = 60.0


class End(NamedTuple):
    """How a worker ended.

    Attributes:
        status: As `os.waitpid` gives it.
        cpu: Seconds of processor time that it used.
    """

    status: int
    cpu: float


class ForkServerError(HostFailureError):
    """The fork server does not start, or is gone: a fault of the host, never of an answer."""


def _socketpair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


class ForkServerHandle:
    """A running fork server; use it as a context manager.

    Args:
        level: strict, landlock or process.
        gpu: The card that its workers may use; none by default.
        wait: Whether to wait until it has started; else it starts meanwhile.
    """

    def __init__(self, level: str, gpu: Gpu | None = None, wait: bool = True) -> None:
        self.level = level
        self.gpu = gpu
        self.control, inside = _socketpair()
        self.next_number = self.sender = 0
        self.ended: dict[int, End] = {}
        self.process: subprocess.Popen[bytes] | Forked
        try:
            self.process = self._spawn(inside)
        except BaseException:
            self.control.close()
            raise
        finally:
            inside.close()
        if wait:
            self._wait_ready()

    @classmethod
    def adopt(cls, level: str, control: socket.socket) -> ForkServerHandle:
        """The handle on what `split` has made, in any process.

        Raises:
            ForkServerError: It has not come to be.
        """
        handle = cls.__new__(cls)
        handle.level, handle.gpu, handle.control = level, None, control
        handle.next_number, handle.sender, handle.ended = 0, 0, {}
        handle.process = Forked(0)
        handle._wait_ready()
        return handle

    def split(self) -> socket.socket:
        """Asks for a fork of this fork server; returns the trusted end of its control socket.

        Raises:
            ForkServerError: This one is gone.
        """
        ours, theirs = _socketpair()
        try:
            socket.send_fds(self.control, [b'{"fork": 0}'], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise ForkServerError(f"the fork server is gone ({error})") from None
        finally:
            theirs.close()
        return ours

    def __enter__(self) -> ForkServerHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, caps: Caps) -> tuple[int, socket.socket]:
        """Forks a worker; returns its number and the trusted end of its socket."""
        ours, theirs = socket.socketpair()
        self.next_number += 1
        message = json.dumps({"start": self.next_number, "caps": asdict(caps)}).encode()
        try:
            socket.send_fds(self.control, [message], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise ForkServerError(f"the fork server is gone ({error})") from None
        finally:
            theirs.close()
        return self.next_number, ours

    def kill(self, number: int) -> End:
        """Ends a worker with all that it started, waits for it, and says how it ended."""
        if number not in self.ended:
            self._send({"kill": number})
        deadline = time.monotonic() + END_SECONDS
        while number not in self.ended:
            self._read(deadline, "a worker did not end")
        return self.ended.pop(number)

    def settle(self, number: int, seconds: float) -> None:
        """Gives a worker whose connection is closed the time to end by itself."""
        deadline = time.monotonic() + seconds
        while number not in self.ended:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not select.select([self.control], [], [], remaining)[0]:
                return
            self._read(deadline + END_SECONDS, "no message came")

    def close(self) -> None:
        """Ends the fork server and every worker."""
        self.control.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _spawn(self, inside: socket.socket) -> subprocess.Popen[bytes]:
        fd = inside.fileno()
        if self.level != "strict":
            command = jail.python_command(str(jail.WORKER.parent), fd, self.level, self.gpu)
        else:
            bwrap = shutil.which("bwrap")
            if bwrap is None:
                raise ForkServerError("bubblewrap is missing")
            inner = jail.python_command(jail.INSIDE, fd, self.level, self.gpu)
            command = jail.bubblewrap_command(bwrap, inner, self.gpu)
        return subprocess.Popen(
            command,
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=jail.clean_environment(self.gpu),
            cwd=os.path.sep,
            start_new_session=True,  # Ctrl-C is for the grader, which ends this in its own time
        )

    def _wait_ready(self) -> None:
        try:
            self._greeting(time.monotonic() + START_SECONDS)
        except BaseException:
            self.close()
            raise

    def _greeting(self, deadline: float) -> None:
        message = self._receive(deadline, "it did not start in time")
        if "ready" not in message:
            raise ForkServerError("the fork server's first message is not its greeting")
        if isinstance(self.process, Forked):
            self.process = Forked(self.sender)

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self.control.send(json.dumps(message).encode())
        except OSError as error:
            raise ForkServerError(f"the fork server is gone ({error})") from None

    def _read(self, deadline: float, what: str) -> None:
        message = self._receive(deadline, what)
        if "ended" in message:
            end = End(int(message["status"]), float(message["cpu"]))
            self.ended[int(message["ended"])] = end

    def _receive(self, deadline: float, what: str) -> dict[str, Any]:
        remaining = max(0.0, deadline - time.monotonic())
        if not select.select([self.control], [], [], remaining)[0]:
            raise ForkServerError(f"the fork server does not answer: {what}")
        try:
            data, attached, _, _ = self.control.recvmsg(65536, socket.CMSG_SPACE(CREDENTIALS.size))
        except ConnectionResetError:
            data, attached = b"", []
        for _, kind, content in attached:
            if kind == socket.SCM_CREDENTIALS:
                # As seen from here, whatever the sender's own namespace calls it.
                self.sender = CREDENTIALS.unpack(content[: CREDENTIALS.size])[0]
        if not data:
            raise ForkServerError(f"the fork server ended: {self._last_words()}")
        message: dict[str, Any] = json.loads(data)
        return message

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        said = b""
        if self.process.stderr is not None and self.process.poll() is not None:
            said = self.process.stderr.read()
        lines = said.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self.process.poll()}"
