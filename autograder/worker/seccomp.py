"""Seccomp: system calls that an answer never needs fail, for good.

No sockets, no new processes (threads are allowed), no signals, no looking into other processes,
no namespaces, mounts, keys or System V memory. Complements Landlock, which guards files.
"""

from __future__ import annotations

import ctypes
import os
import struct

PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
CLONE_THREAD = 0x00010000
X32_BIT = 0x40000000
OFFSET_NUMBER, OFFSET_ARCHITECTURE, OFFSET_FIRST_ARGUMENT = 0, 4, 16

# Numbers of one call on x86-64 and on 64-bit Arm; None where it does not exist.
DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "fork": (57, None),
    "vfork": (58, None),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
}
# CUDA listens on a socket of its own, for other processes that share its memory: it does not start
# without. Nothing can connect from inside, and at level strict nothing from outside.
FOR_CUDA = ("socket", "bind", "listen")
AF_UNIX = 1
CLONE, CLONE3 = (56, 220), (435, 435)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def supported() -> bool:
    """Whether the filter knows this machine's system calls."""
    return os.uname().machine in ARCHITECTURES


def install(cuda: bool = False) -> None:
    """Puts the filter on this process; `no_new_privs` must be set before.

    Args:
        cuda: Lets CUDA have the sockets that it needs: of this host only, and to listen only.

    Raises:
        OSError: Another architecture, or the kernel refuses.
    """
    code = program(os.uname().machine, cuda)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(filter_), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot install the seccomp filter")


def program(machine: str, cuda: bool = False) -> bytes:
    """The filter as bytes of classic BPF.

    Args:
        machine: x86_64 or aarch64.
        cuda: As for `install`.

    Raises:
        OSError: Another architecture.
    """
    if machine not in ARCHITECTURES:
        raise OSError(f"the seccomp filter does not know {machine}")
    which, architecture = ARCHITECTURES[machine]
    # Each step is (code, jump if true, jump if false, operand); jumps count steps ahead.
    steps = [
        (LOAD, 0, 0, OFFSET_ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, OFFSET_NUMBER),
        (JUMP_GREATER_EQUAL, 0, 1, X32_BIT),
        (RETURN, 0, 0, ERRNO | ENOSYS),
        # The library then falls back to clone, whose flags a filter can read.
        (JUMP_EQUAL, 0, 1, CLONE3[which]),
        (RETURN, 0, 0, ERRNO | ENOSYS),
    ]
    for name, numbers in DENIED.items():
        number = numbers[which]
        if number is not None and not (cuda and name in FOR_CUDA):
            steps += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | EPERM)]
    if cuda:
        steps += [
            (JUMP_EQUAL, 0, 4, DENIED["socket"][which] or 0),
            (LOAD, 0, 0, OFFSET_FIRST_ARGUMENT),
            (JUMP_EQUAL, 0, 1, AF_UNIX),
            (RETURN, 0, 0, ALLOW),
            (RETURN, 0, 0, ERRNO | EPERM),
        ]
    steps += [
        (JUMP_EQUAL, 0, 3, CLONE[which]),
        (LOAD, 0, 0, OFFSET_FIRST_ARGUMENT),
        (JUMP_SET, 1, 0, CLONE_THREAD),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
