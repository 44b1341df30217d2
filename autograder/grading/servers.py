"""The fork server of one grading process: started when it is needed, replaced when it is gone."""

from __future__ import annotations

import contextlib
import socket

from ..sandbox import ForkServerError, ForkServerHandle
from ..sandbox.gpus import Gpu


class Servers:
    """Keeps one fork server running; use it as a context manager.

    Args:
        level: Isolation level of its workers.
        gpu: The card that they may use; none by default.
        control: Of a fork server that was made for this process; else it starts one.
    """

    def __init__(
        self, level: str, gpu: Gpu | None = None, control: socket.socket | None = None
    ) -> None:
        self.level = level
        self.control = control
        self.gpu = gpu
        self._server: ForkServerHandle | None = None

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def get(self) -> ForkServerHandle:
        """The running fork server.

        Raises:
            ForkServerError: This host cannot start one.
        """
        control, self.control = self.control, None
        if control is not None:
            with contextlib.suppress(ForkServerError):
                self._server = ForkServerHandle.adopt(self.level, control)
        if self._server is None:
            self._server = ForkServerHandle(self.level, self.gpu)
        return self._server

    def drop(self) -> None:
        """Ends the fork server; the next `get` starts another."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError):
                server.close()
