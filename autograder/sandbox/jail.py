"""The command line that puts a fork server into bubblewrap's jail.

Inside are a read-only system, Python with its packages and the folder `autograder/worker`;
neither the rest of the grader nor solutions, submissions, results or anybody's home.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from pathlib import Path

from . import gpus
from .gpus import Gpu

WORKER = Path(__file__).resolve().parent.parent / "worker"
INSIDE = "/course"

# Packages that would do an exercise for a student, or that belong to the grader.
HIDDEN = ("diffusers", "transformers", "nbgrader", "jupytext", "pytest", "hypothesis")

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache")


def environment(gpu: Gpu | None = None) -> dict[str, str]:
    """The whole environment of a worker, with or without a card to use."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "HF_HOME": "/tmp/hub",
        "HF_HUB_OFFLINE": "1",
        "TRITON_CACHE_DIR": "/tmp/triton",
        "TORCHINDUCTOR_CACHE_DIR": "/tmp/inductor",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "CUDA_CACHE_PATH": "/tmp/cuda",
        "CUDA_VISIBLE_DEVICES": gpu.uuid if gpu else "",
    }


def python_command(
    worker_parent: str, control_fd: int, level: str, gpu: Gpu | None = None
) -> list[str]:
    """Starts the fork server; only the worker's folder is added to the path.

    Args:
        worker_parent: The folder that holds `worker`, as seen from inside.
        control_fd: Descriptor of the control socket.
        level: Isolation level that the fork server gives its workers.
        gpu: The card that its workers may use.
    """
    access = _access(level, gpu)
    program = (
        f"import sys; sys.path[:] = [p for p in sys.path if p]; sys.path.append({worker_parent!r});"
        f" sys.modules.pop('autograder', None);"
        f" from worker.forkserver import main; main({control_fd}, {level!r}, {access!r})"
    )
    executable = sys.executable if level != "strict" else inside(sys.executable)
    return [executable, "-I", "-B", "-c", program]


def _access(level: str, gpu: Gpu | None) -> dict[str, object]:
    """The fields of the fork server's `Access`."""
    access: dict[str, object] = {"device": "cuda" if gpu else "cpu"}
    if level == "landlock":
        access["readable"] = landlock_readable(gpu)
        access["writable"] = list(gpus.WRITABLE) if gpu else []
        access["devices"] = gpus.landlock_nodes(gpu) if gpu else []
    return access


def bubblewrap_command(bwrap: str, inner: list[str], gpu: Gpu | None = None) -> list[str]:
    """`inner` in a jail of its own user, process, network, IPC, host-name and mount namespaces.

    With a card, its device nodes and the layout of its processors are there, too.
    """
    command = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for key, value in {**environment(gpu), **_driver_path(gpu)}.items():
        command += ["--setenv", key, value]
    for path in SYSTEM:
        command += _system_bind(path)
    for folder in _python_folders():
        command += ["--ro-bind", folder, inside(folder)]
    for folder in map(inside, _hidden_folders()):
        command += ["--tmpfs", folder, "--remount-ro", folder]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    if gpu is not None:
        for node in gpu.nodes:
            command += ["--dev-bind-try", node, node]
        command += ["--ro-bind-try", "/sys/devices/system", "/sys/devices/system"]
    command += ["--ro-bind", str(WORKER), f"{INSIDE}/worker", "--chdir", "/tmp"]
    # What can be written here, the next worker would find; each has a /tmp of its own.
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    # The fork server needs this once per worker, for namespaces; each worker then drops it.
    command += ["--cap-add", "CAP_SYS_ADMIN"]
    return [*command, "--", *inner]


def _driver_path(gpu: Gpu | None) -> dict[str, str]:
    """Where the driver's libraries are, if not where the linker looks by itself."""
    path = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": path} if gpu and path else {}


def inside(path: str) -> str:
    """Where a folder of Python's, or a file in it, is in the jail.

    Each worker has a /tmp of its own, which would hide an environment that lies there.
    """
    return f"{INSIDE}/python{path}" if Path(path).is_relative_to("/tmp") else path


def landlock_readable(gpu: Gpu | None = None) -> list[str]:
    """What a worker of level landlock may read: the system, Python and the worker's folder."""
    devices = ["/dev/urandom", "/dev/random", "/dev/zero"]
    hardware = list(gpus.READABLE) if gpu else []
    return [*SYSTEM, *_python_folders(), str(WORKER), *devices, *hardware]


def _system_bind(path: str) -> list[str]:
    entry = Path(path)
    if entry.is_symlink():
        return ["--symlink", str(entry.readlink()), path]
    return ["--ro-bind", path, path] if entry.exists() else []


def _python_folders() -> list[str]:
    """Prefixes of the interpreter and its environment that the system's folders do not cover."""
    folders = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.executable).resolve().parent.parent,
    }
    folders |= {Path(folder) for folder in site.getsitepackages()}
    folders |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    wanted = sorted(str(f) for f in folders if f.exists() and not f.is_relative_to("/usr"))
    return [f for f in wanted if not any(f != g and Path(f).is_relative_to(g) for g in wanted)]


def _hidden_folders() -> list[str]:
    roots = {Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))}
    return sorted(str(r / name) for r in roots for name in HIDDEN if (r / name).is_dir())


def clean_environment(gpu: Gpu | None = None) -> dict[str, str]:
    """For levels without a jail: as inside, with the caller's path to libraries and temp folder."""
    kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "TMPDIR") if key in os.environ}
    return {**environment(gpu), **kept}
