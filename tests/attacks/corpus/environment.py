"""Answers that try to leave something behind for the grader or for the next worker."""

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
        "keyring-note",
        "a1_4_timesteps",
        "Leaves a key with a note in the user's keyring for the next worker.",
        prize("""
        import ctypes
        return ctypes.CDLL(None).syscall(249, b"user", b"note_@MARKER@", None, -4) > 0
        """),
        accomplice=answer("""
        import ctypes

        ctypes.CDLL(None).syscall(248, b"user", b"note_@MARKER@", b"right", 5, -4)
        """),
        stopped_by="strict",
        harms="leaves a key in the user's keyring",
    ),
)
