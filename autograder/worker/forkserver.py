"""Imports torch once; each worker is then a fork of a few milliseconds.

Messages are JSON on a sequenced-packet socket. `{"start": N, "caps": {...}}` comes with one
descriptor, the worker's end of the protocol; `{"kill": N}` ends a worker and everything that it
started. `{"fork": 0}` comes with the control socket of another fork server, which is then a fork of
this one with the same access. `{"ended": N, "status": S, "cpu": C}` is sent when a worker is gone:
S as `os.waitpid` gives it, C the seconds of processor time that it used.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import tempfile
from typing import Any, NoReturn

from . import confine, landlock, seccomp, strays
from .confine import Access, Caps
from .warming import warm_up

# Where libraries keep what they compiled or fetched: shared ones would carry it to the next answer.
CACHES = ("MPLCONFIGDIR", "HF_HOME", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")


def main(control_fd: int, level: str, access: dict[str, Any] | None = None) -> NoReturn:
    """Serves at a level until the other end of the control socket closes.

    Args:
        control_fd: Descriptor of that socket.
        level: strict, landlock or process.
        access: The fields of `Access`.
    """
    control = socket.socket(fileno=control_fd)
    warm_up()
    ForkServer(control, level, Access(**(access or {}))).serve()
    os._exit(0)  # there is nothing to tidy up, and torch takes its time


class ForkServer:
    """Forks workers at an isolation level and tells when they end."""

    def __init__(self, control: socket.socket, level: str, access: Access) -> None:
        self.control = control
        self.level = level
        self.access = access
        self.workers: dict[int, int] = {}
        self.scratch: dict[int, str] = {}

    def serve(self) -> None:
        """Handles messages and ended workers, one at a time."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        if self.level == "process":
            confine.adopt_orphans()
        self._send({"ready": os.getpid()})
        while True:
            ready, _, _ = select.select([self.control.fileno(), wake_read], [], [])
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if self.control.fileno() in ready and not self._message():
                self._end_all()
                return

    def _message(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self.control, 65536, 1)
        if not data:
            return False
        message = json.loads(data)
        if "start" in message:
            self._start(int(message["start"]), Caps(**message["caps"]), descriptors[0])
        elif "kill" in message:
            self._kill(int(message["kill"]))
        elif "fork" in message:
            self._fork(descriptors[0])
        return True

    def _fork(self, descriptor: int) -> None:
        """Another fork server, which has imported everything already."""
        if os.fork() == 0:
            status = 71
            try:
                signal.set_wakeup_fd(-1)
                self.control.close()
                os.closerange(3, descriptor)
                os.closerange(descriptor + 1, 1024)
                control = socket.socket(fileno=descriptor)
                ForkServer(control, self.level, self.access).serve()
                status = 0
            finally:
                os._exit(status)
        os.close(descriptor)

    def _start(self, number: int, caps: Caps, descriptor: int) -> None:
        scratch = "" if self.level == "strict" else tempfile.mkdtemp(prefix="answer-")
        # Until the worker can take its jail down with it, the signal to end has to wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        pid = os.fork()
        if pid == 0:
            status = 71
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self.control.detach()
                _let_go(descriptor)
                if self.level == "strict":
                    status = _jailed(caps, descriptor, self.access.device)
                else:
                    status = self._unjailed(caps, descriptor, scratch)
            finally:
                os._exit(status)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        os.close(descriptor)
        self.workers[pid] = number
        self.scratch[pid] = scratch

    def _unjailed(self, caps: Caps, descriptor: int, scratch: str) -> int:
        """A worker of level landlock or process, in the forked child."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        os.setsid()
        confine.die_with_parent()
        os.chdir(scratch)
        os.environ.update(HOME=scratch, TMPDIR=scratch)
        os.environ.update({name: f"{scratch}/{name.lower()}" for name in CACHES})
        tempfile.tempdir = None
        confine.limit(caps)
        if self.level == "landlock":
            confine.drop_privileges()
            access = self.access
            writable = [scratch, os.devnull, *access.writable]
            landlock.restrict(access.readable, writable, access.devices)
            seccomp.install(access.device == "cuda")
        else:
            confine.no_new_privileges()
        return _answer(caps, descriptor, self.access.device)

    def _kill(self, number: int) -> None:
        for pid in [pid for pid, known in self.workers.items() if known == number]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if self.level == "strict" else signal.SIGKILL)

    def _end_all(self) -> None:
        """Nobody is left to grade for: ends every worker, and what they started."""
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        strays.end_strays(())
        for scratch in self.scratch.values():
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.workers:
                if self.level == "process":
                    strays.end_strays(self.workers)
                if self.level != "strict":
                    shutil.rmtree(self.scratch[pid], ignore_errors=True)
                del self.scratch[pid]
                cpu = usage.ru_utime + usage.ru_stime
                self._send({"ended": self.workers.pop(pid), "status": status, "cpu": cpu})

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.control.send(json.dumps(message).encode())


def _jailed(caps: Caps, descriptor: int, device: str) -> int:
    """A worker of level strict, in the forked child: namespaces of its own, then the answer."""
    os.setsid()
    confine.die_with_parent()
    confine.unshare()
    inner = os.fork()
    if inner == 0:
        status = 71
        try:
            # First process of its namespace: with it everything that it started dies.
            confine.die_with_parent()
            confine.private_mounts(caps, device == "cuda")
            status = _inner(caps, descriptor, device)
        finally:
            os._exit(status)
    os.close(descriptor)
    # This process ends when the whole namespace is gone, so its end is the end of everything.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(inner, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    return _status(inner)


def _inner(caps: Caps, descriptor: int, device: str) -> int:
    """First process of its namespace: waits for the answer, which signals can reach."""
    answer = os.fork()
    if answer == 0:
        status = 71
        try:
            confine.die_with_parent()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            confine.limit(caps)
            if device == "cuda":
                confine.own_proc()
            confine.drop_privileges()
            if seccomp.supported():
                seccomp.install(device == "cuda")
            status = _answer(caps, descriptor, device)
        finally:
            os._exit(status)
    os.close(descriptor)
    confine.drop_privileges()
    # Ended by its namespace, the answer would leave its processor time uncounted.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(answer, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    return _status(answer)


def _status(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _let_go(kept: int) -> None:
    """Closes the fork server's descriptors: an answer could reach them by /proc/1/fd."""
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silence, standard)
    os.close(silence)


def _answer(caps: Caps, descriptor: int, device: str) -> int:
    from .main import SocketLink

    if descriptor != 3:
        os.dup2(descriptor, 3)
        os.close(descriptor)
    connection = socket.socket(fileno=3)
    os.closerange(4, 1024)
    SocketLink(connection, device, caps).serve()
    return 0
