"""Landlock: a process gives up the file system, TCP and signals to others, for good.

Needs no privilege and no namespaces. What the running kernel cannot restrict is left out, from
the newest right to the oldest; `abi()` says how much there is.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
GET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# From version 5 of the interface on, a device's own commands are a right.
IOCTL_DEV = 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
# Rights that each version of the kernel's interface knows, as highest bit + 1.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
TCP_RIGHTS = 0b11
SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Version of Landlock in the running kernel; 0 where there is none."""
    return max(0, int(libc.syscall(CREATE_RULESET, None, 0, GET_VERSION)))


def restrict(readable: Iterable[str], writable: Iterable[str], devices: Iterable[str] = ()) -> None:
    """Leaves this process, and all that it will start, only the folders that are named.

    Args:
        readable: Files and folders that may be read and run.
        writable: Files and folders that may be changed as well.
        devices: Device nodes that may be used in any way.

    Raises:
        OSError: The kernel has no Landlock, or refuses.
    """
    version = abi()
    if version == 0:
        raise OSError("this kernel has no Landlock")
    every = (1 << FILE_RIGHTS[min(version, 5)]) - 1
    ruleset = _Ruleset(every, TCP_RIGHTS, SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 8 if version < 4 else 16 if version < 6 else 24
    descriptor = libc.syscall(CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    _check(descriptor, "make a Landlock ruleset")
    try:
        for path in readable:
            _allow(descriptor, path, READ)
        for path in writable:
            _allow(descriptor, path, every & ~IOCTL_DEV)
        for path in devices:
            _allow(descriptor, path, every)
        _check(libc.syscall(RESTRICT_SELF, descriptor, 0), "enter a Landlock ruleset")
    finally:
        os.close(descriptor)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - pathlib is slow to import in every worker
            access &= EXECUTE | WRITE_FILE | READ_FILE | IOCTL_DEV
        rule = _PathBeneath(access, parent)
        result = libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        _check(result, f"allow {path}")
    finally:
        os.close(parent)


def _check(result: int, what: str) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"cannot {what}: {os.strerror(ctypes.get_errno())}")
