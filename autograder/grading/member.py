"""A grading process, and the process that it is forked from."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import torch

from course.manifest import Manifest, load_manifest

from .. import checks
from ..failures import HostFailureError
from ..sandbox.gpus import Gpu
from ..worker.confine import die_with_parent
from ..worker.warming import leave_seldom
from . import exercise as _exercise  # noqa: F401 - so that each fork has it
from .parts import HostError, Outcome, Task
from .servers import Servers
from .submission import grade_answers


def main(descriptor: int) -> NoReturn:
    """Imports what grading needs, then forks a grading process for each message.

    A message is `[level, manifest, card]` in JSON, with the process's connection and, where there
    is one, the control socket of its fork server. The answer is its number, with a descriptor.

    Args:
        descriptor: The socket; this process ends when the other end closes.
    """
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    leave_seldom()
    for module in pkgutil.iter_modules(checks.__path__):
        if module.name != "conftest":
            importlib.import_module(f"{checks.__name__}.{module.name}")
    control = socket.socket(fileno=descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
        _reap()
        if not message:
            os._exit(0)  # there is nothing to tidy up, and torch takes its time
        pid = os.fork()
        if pid == 0:
            control.close()
            _run(message, descriptors)
        for each in descriptors:
            os.close(each)
        handle = os.pidfd_open(pid)
        socket.send_fds(control, [str(pid).encode()], [handle])
        os.close(handle)


def _reap() -> None:
    """Forgets grading processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def _run(message: bytes, descriptors: list[int]) -> None:
    """What a forked grading process does; it never returns."""
    status = 1
    try:
        level, manifest, card = json.loads(message)
        control = socket.socket(fileno=descriptors[1]) if descriptors[1:] else None
        servers = Servers(level, Gpu(**card) if card else None, control)
        work(Connection(descriptors[0]), servers, load_manifest(manifest and Path(manifest)))
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def work(connection: Connection, servers: Servers, manifest: Manifest) -> None:
    """Grades what comes until the connection closes.

    Args:
        connection: Takes tasks, gives outcomes.
        servers: Where workers come from.
        manifest: The exercises.
    """
    die_with_parent()
    # Ctrl-C goes to the whole group; the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with servers, contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(_outcome(connection.recv(), servers, manifest))


def _outcome(task: Task, servers: Servers, manifest: Manifest) -> Outcome:
    """A result, or why there is none: one submission never takes another with it."""
    try:
        if task.quick is None:
            return grade_answers(servers, task.item, task.answers, manifest, task.only)
        from .trained import train_answers  # with all that a training needs

        return train_answers(servers, task)
    except HostFailureError as error:
        return HostError(str(error))
    except Exception as error:
        return HostError(f"the grader failed ({type(error).__name__}: {error})")
