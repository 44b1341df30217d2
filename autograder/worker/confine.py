"""What a forked worker does to itself before it runs a student's code.

At level `strict` the fork server already sits in bubblewrap's jail; each worker then takes
namespaces of its own, so that no two answers see each other's processes, files or memory.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
CLONE_NEWNET, CLONE_NEWIPC = 0x40000000, 0x08000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
MS_REMOUNT, MS_BIND = 0x20, 0x1000
PROC_FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
SIGKILL = 9
CAPABILITY_VERSION = 0x20080522
# Between SIGXCPU, which says what happened, and SIGKILL, which no handler stops.
CPU_GRACE = 2

libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Caps:
    """Limits of one worker.

    Attributes:
        cpu: Seconds of processor time.
        memory_mib: Private memory beyond what the fork server has, in MiB.
        scratch_mib: Size of its private /tmp, in MiB.
        processes: Processes and threads of its user.
        files: Open descriptors.
        reply_mib: Largest value that comes back, in MiB.
        output_mib: What it may print, in MiB.
        vram_mib: Memory of its GPU, in MiB, where it has one.
    """

    cpu: int = 60
    memory_mib: int = 2048
    scratch_mib: int = 64
    processes: int = 48
    files: int = 128
    reply_mib: int = 64
    output_mib: int = 16
    vram_mib: int = 8192


@dataclass(frozen=True)
class Access:
    """What workers may reach.

    Attributes:
        readable: What they may read at level landlock.
        writable: What they may change there beside their scratch folder.
        devices: Device nodes that they may use at level landlock.
        device: Where answers run, "cpu" or "cuda". CUDA starts in the worker, never here.
    """

    readable: Sequence[str] = ()
    writable: Sequence[str] = ()
    devices: Sequence[str] = ()
    device: str = "cpu"


def unshare() -> None:
    """New process, mount, network and IPC namespaces for what is forked next."""
    _call(libc.unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC), "unshare")


def private_mounts(caps: Caps, cuda: bool = False) -> None:
    """A read-only /proc with this worker's processes only, and a fresh /tmp of limited size.

    Read-only, since the kernel lets whoever is root outside write to /proc/sys, in a jail or not.
    For CUDA `own_proc` makes it so, later.
    """
    _call(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "make mounts private")
    flags = PROC_FLAGS if cuda else PROC_FLAGS | MS_RDONLY
    _call(libc.mount(b"proc", b"/proc", b"proc", flags, None), "mount /proc")
    size = f"size={caps.scratch_mib}m,nr_inodes=4096,mode=0700".encode()
    for folder in (b"/tmp", b"/dev/shm"):
        made = libc.mount(b"tmpfs", folder, b"tmpfs", MS_NOSUID | MS_NODEV, size)
        _call(made, f"mount {folder.decode()}")
    os.chdir("/tmp")


def own_proc() -> None:
    """All of /proc is read-only but this process's own folder, where CUDA names its threads."""
    own = f"/proc/{os.getpid()}".encode()
    _call(libc.mount(own, own, None, MS_BIND, None), "bind a folder of /proc")
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | PROC_FLAGS
    _call(libc.mount(None, b"/proc", None, flags, None), "make /proc read-only")


def drop_privileges() -> None:
    """No capability is left, and none can be gained."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for those that do not exist
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call(libc.capset(header, (ctypes.c_uint32 * 6)()), "drop capabilities")
    no_new_privileges()


def no_new_privileges() -> None:
    """Set-user-id programs gain nothing."""
    _call(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")


def die_with_parent() -> None:
    """The kernel kills this process when the one that forked it ends."""
    _call(libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "set the parent-death signal")


def adopt_orphans() -> None:
    """Processes whose parent ends become this one's children, so that it can end them."""
    _call(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become a subreaper")


def limit(caps: Caps) -> None:
    """Resource limits, hard ones: nothing can raise them again."""
    data = _data_bytes() + caps.memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_CPU, (caps.cpu, caps.cpu + CPU_GRACE))
    limits = {
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_NPROC: caps.processes,
        resource.RLIMIT_NOFILE: caps.files,
        resource.RLIMIT_FSIZE: caps.scratch_mib * 2**20,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _data_bytes() -> int:
    """Private memory that this process has already, from the fork server."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmData:"))
    return int(line.split()[1]) * 1024


def _call(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"cannot {what}: {os.strerror(ctypes.get_errno())}")
