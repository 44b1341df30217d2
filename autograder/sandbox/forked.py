"""The trusted side's handle on a process that another one has forked."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess


class Forked:
    """A fork server that another process has forked: what `subprocess.Popen` offers, as needed.

    Args:
        pid: Its number; 0 while it is not known.
        descriptor: A descriptor of it, if there is one already.
    """

    stderr = None

    def __init__(self, pid: int, descriptor: int = -1) -> None:
        self.pid = pid
        self.descriptor = descriptor
        with contextlib.suppress(ProcessLookupError):
            if pid and descriptor < 0:
                self.descriptor = os.pidfd_open(pid)

    def wait(self, timeout: float | None = None) -> None:
        """Waits for its end; `subprocess.TimeoutExpired` where that does not come in time."""
        if self.descriptor < 0:
            return
        if not select.select([self.descriptor], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("fork server", timeout or 0)
        os.close(self.descriptor)
        self.descriptor = -1

    def poll(self) -> int | None:
        """None while it runs; its status is its parent's to know."""
        running = self.descriptor >= 0 and not select.select([self.descriptor], [], [], 0)[0]
        return None if running else -1

    def send_signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.descriptor, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)
