"""The grader's host as attacks see it: processes, and a port that gives the answer away."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import threading
from pathlib import Path


def fill_grader_folder(folder: Path, answer: list[int]) -> None:
    """Puts what an attack may be after into an empty folder: answers and a gradebook."""
    (folder / "answers.json").write_text(json.dumps(answer), encoding="utf-8")
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book, book:
        book.execute("create table grade (student text, auto_score real)")


def marked_processes(marker: str) -> list[tuple[int, str]]:
    """Numbers and names of the processes with a word in their name or command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
            if marker in name or marker in line:
                found.append((int(folder.name), name))
    return found


def kill_marked(marker: str) -> None:
    """Ends what an attack left running, one process after the other."""
    for pid, _ in marked_processes(marker):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class AnswerServer:
    """Tells the answer to whoever connects, and keeps the datagrams that arrive.

    Args:
        answer: What it tells, as JSON.
    """

    def __init__(self, answer: list[int]) -> None:
        self.answer = json.dumps(answer).encode() + b"\n"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", self.port))
        self.datagrams.setblocking(False)
        self.words = b""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def heard(self, word: str) -> bool:
        """Whether a datagram with the word has arrived."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.words += self.datagrams.recv(65536)
        return word.encode() in self.words

    def close(self) -> None:
        """Stops listening."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.datagrams.close()
        self.thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.sendall(self.answer)
