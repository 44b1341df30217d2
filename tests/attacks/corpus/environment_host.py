"""Answers that try to break out of the jail, or to reach what is beside them."""

from __future__ import annotations

from ..attack import Attack, answer, prize

ATTACKS = (
    Attack(
        "kernel-settings",
        "a1_4_timesteps",
        "Opens the kernel's settings for writing, such as the handler of crashes.",
        prize("""
        import os
        names = ("kernel/core_pattern", "kernel/hostname", "vm/drop_caches", "kernel/modprobe")
        for name in (*names, "kernel/panic", "vm/overcommit_memory"):
            try:
                os.close(os.open(f"/proc/sys/{name}", os.O_WRONLY))
                return True
            except OSError:
                pass
        return False
        """),
        stopped_by="strict",
    ),
    Attack(
        "new-user-namespace",
        "a1_4_timesteps",
        "Makes a user namespace of its own to become root and mount a disk without a limit.",
        prize("""
        import ctypes
        libc = ctypes.CDLL(None)
        if libc.unshare(0x10000000 | 0x00020000) != 0:
            return False
        return libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=90%") == 0
        """),
        stopped_by="strict",
    ),
    Attack(
        "mounts-and-roots",
        "a1_4_timesteps",
        "Remounts the system writable, changes the root and regains its capabilities.",
        prize("""
        import ctypes, os
        libc = ctypes.CDLL(None)
        if libc.mount(b"none", b"/usr", None, 32 | 4096, None) == 0:
            return True
        if libc.unshare(0x00020000) == 0 or libc.syscall(155, b"/tmp", b"/tmp") == 0:
            return True
        try:
            os.chroot("/tmp")
            return True
        except OSError:
            return False
        """),
        stopped_by="strict",
        harms="would remount the host's system",
    ),
    Attack(
        "signals-to-everyone",
        "a1_4_timesteps",
        "Kills every process that it may send a signal to.",
        answer("""
        import os

        def strided_timesteps(start=990, stride=30):
            os.kill(-1, 9)
            return []
        """),
        stopped_by="strict",
        harms="kills every process of the user",
    ),
    Attack(
        "kills-its-parents",
        "a1_4_timesteps",
        "Kills and stops its parent and the first process, then answers wrongly.",
        answer("""
        import os, signal

        def strided_timesteps(start=990, stride=30):
            for pid in (1, os.getppid()):
                for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV):
                    try:
                        os.kill(pid, number)
                    except OSError:
                        pass
            return []
        """),
        stopped_by="strict",
        harms="kills the fork server",
    ),
    Attack(
        "parents-memory",
        "a1_4_timesteps",
        "Writes into the memory of the first process of its namespace, to run code outside.",
        answer("""
        import os

        def strided_timesteps(start=990, stride=30):
            for line in open("/proc/1/maps"):
                span, rights = line.split()[:2]
                if "r" in rights and "[v" not in line:
                    try:
                        with open("/proc/1/mem", "r+b", buffering=0) as memory:
                            memory.seek(int(span.split("-")[0], 16))
                            memory.write(b"\\xcc" * 64)
                    except OSError:
                        pass
            return []
        """),
        stopped_by="strict",
        harms="writes into another process",
    ),
    Attack(
        "setuid-programs",
        "a1_4_timesteps",
        "Runs set-user-id programs and sudo to become another user.",
        prize("""
        import os, shutil, subprocess
        if os.getuid() == 0:
            return False  # nothing to gain
        for command in (["sudo", "-n", "true"], ["pkexec", "true"], ["su", "-c", "true"]):
            if shutil.which(command[0]):
                done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
                if done.returncode == 0:
                    return True
        return False
        """),
    ),
    Attack(
        "types-into-the-terminal",
        "a1_4_timesteps",
        "Types a command into the terminal of whoever started the grader.",
        prize("""
        import fcntl, os, termios
        for path in ("/dev/tty", "/dev/stdin", "/dev/pts/0", "/dev/console"):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
                fcntl.ioctl(descriptor, termios.TIOCSTI, b" ")
                return True
            except OSError:
                pass
        return False
        """),
        stopped_by="strict",
        harms="types into the terminal",
    ),
    Attack(
        "devices",
        "a1_4_timesteps",
        "Opens the kernel's memory, its log and disks, and makes device nodes of its own.",
        prize("""
        import os, stat
        for path in ("/proc/kcore", "/proc/kmsg", "/dev/kmsg", "/dev/mem", "/dev/vda", "/dev/sda"):
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
                return True
            except OSError:
                pass
        try:
            os.mknod("/tmp/node_@MARKER@", 0o600 | stat.S_IFBLK, os.makedev(254, 0))
            return True
        except OSError:
            return False
        """),
        stopped_by="strict",
    ),
)
