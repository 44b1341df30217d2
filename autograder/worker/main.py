"""A worker's loop: a request comes in, an answer goes out, callbacks in between."""

from __future__ import annotations

import socket
from typing import Any

from . import output
from .confine import Caps
from .executor import Executor
from .wire import PREFIX, Decoder, Encoder, TooLargeError, WireError, pack, unpack_prefix

AT_LEAST = 2**16


class SocketLink:
    """The worker's end of the protocol.

    Args:
        connection: The socket to the trusted side.
        device: Where the answer runs, "cpu" or "cuda".
        caps: Its limits.
    """

    def __init__(self, connection: socket.socket, device: str, caps: Caps) -> None:
        self.connection = connection
        self.unread = bytearray()
        self.caps = caps
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
        printed = output.count(self.caps.output_mib * 2**20)
        while True:
            request = self._receive()
            if request is None:
                return
            answer = self.executor.execute(request)
            if printed.exceeded:  # whatever the answer made of the error
                answer = _failure("output", "OutputLimitError", "")
            try:
                self._send(answer)
            except OSError:
                raise
            except Exception as error:  # looking into a student's object may fail in any way
                kind = "reply" if isinstance(error, TooLargeError) else "unsendable"
                self._send(_failure(kind, "TypeError", str(error)[:2000]))

    def _send(self, message: dict[str, Any]) -> None:
        header, payload = Encoder(self.executor.wrap).dumps(message)
        if len(payload) > self.caps.reply_mib * 2**20:
            raise TooLargeError("the value is larger than this exercise may return")
        self.connection.sendall(pack(header, payload))

    def _receive(self) -> Any:
        prefix = self._read(PREFIX.size)
        if not prefix:
            return None
        header, payload = unpack_prefix(prefix)
        decoder = Decoder(self.executor.unwrap, self.place)
        return decoder.loads(self._read(header), self._read(payload))

    def _read(self, size: int) -> bytearray:
        """The next bytes; what arrives with them is kept, as a small frame comes in one piece."""
        data = self.unread
        while len(data) < size:
            part = self.connection.recv(max(AT_LEAST, min(size - len(data), 2**20)))
            if not part:
                if data or size > PREFIX.size:
                    raise WireError("the connection ended within a frame")
                return data
            data += part
        self.unread = data[size:]
        del data[size:]
        return data


def _failure(kind: str, error: str, message: str) -> dict[str, Any]:
    return {"error": {"kind": kind, "type": error, "message": message, "line": None}}
