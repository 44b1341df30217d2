"""A worker's loop: a request comes in, an answer goes out, callbacks in between."""

from __future__ import annotations

import socket
from typing import Any

from .executor import Executor
from .wire import PREFIX, Decoder, Encoder, WireError, pack, unpack_prefix


class SocketLink:
    """The worker's end of the protocol.

    Args:
        connection: The socket to the trusted side.
        device: Where the answer runs, "cpu" or "cuda".
    """

    def __init__(self, connection: socket.socket, device: str = "cpu") -> None:
        self.connection = connection
        self.executor = Executor(self, device)
        self.place = None if device == "cpu" else self.executor.place

    def callback(
        self, number: int, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Asks the trusted side for a served object's answer."""
        self._send({"callback": [number, method, list(args), kwargs]})
        answer = self._receive()
        if not isinstance(answer, dict) or "answer" not in answer:
            raise RuntimeError(str(answer.get("refused", "the call was refused")))
        return answer["answer"]

    def serve(self) -> None:
        """Does requests until the other end closes."""
        while True:
            request = self._receive()
            if request is None:
                return
            answer = self.executor.execute(request)
            try:
                self._send(answer)
            except OSError:
                raise
            except Exception as error:  # looking into a student's object may fail in any way
                failure = {"kind": "unsendable", "type": "TypeError", "message": str(error)[:2000]}
                self._send({"error": {**failure, "line": None}})

    def _send(self, message: dict[str, Any]) -> None:
        self.connection.sendall(pack(*Encoder(self.executor.wrap).dumps(message)))

    def _receive(self) -> Any:
        prefix = self._read(PREFIX.size)
        if not prefix:
            return None
        header, payload = unpack_prefix(prefix)
        decoder = Decoder(self.executor.unwrap, self.place)
        return decoder.loads(self._read(header), self._read(payload))

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self.connection.recv(min(size - len(data), 2**20))
            if not part:
                if data:
                    raise WireError("the connection ended within a frame")
                return b""
            data += part
        return bytes(data)
