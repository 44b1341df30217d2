"""Isolation levels: what they are, which of them this host can give, and how to get more."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ..worker import landlock, seccomp
from . import jail

# Strongest first.
LEVELS = ("strict", "landlock", "process")

PROBE_SECONDS = 60


class IsolationError(Exception):
    """The level that was asked for is not to be had here."""


@dataclass(frozen=True)
class Level:
    """What one level is on this host.

    Attributes:
        name: strict, landlock or process.
        available: Whether workers can be started at this level.
        reason: Why not, and what to do; or what the level cannot stop.
    """

    name: str
    available: bool
    reason: str


@cache
def detect() -> Mapping[str, Level]:
    """Every level with whether this host has it; bubblewrap is tried, not assumed."""
    return {
        "strict": _strict(),
        "landlock": _landlock(),
        "process": Level(
            "process",
            True,
            "resource limits only: a student's code can read what the grader's user can read, "
            "and reach the network",
        ),
    }


def best_level() -> str:
    """The strongest level of this host."""
    return next(name for name in LEVELS if detect()[name].available)


def require(name: str | None) -> str:
    """The level to use.

    Args:
        name: The least that is acceptable; None for the strongest that there is.

    Raises:
        IsolationError: There is no such level, or this host cannot give it.
    """
    if name is None:
        return best_level()
    if name not in LEVELS:
        raise IsolationError(f"--isolation {name}: there are {', '.join(LEVELS)}")
    level = detect()[name]
    if not level.available:
        raise IsolationError(f"--isolation {name}: {level.reason}")
    return name


def _landlock() -> Level:
    version = landlock.abi()
    if version == 0:
        return Level("landlock", False, "the kernel has no Landlock (Linux 5.13 or later has it)")
    if not seccomp.supported():
        return Level("landlock", False, "the seccomp filter does not know this processor")
    return Level(
        "landlock",
        True,
        f"Landlock {version} and seccomp: no files but its own and the system's, no network, no "
        "other process; memory and disk are limited only per process and per file, and the names "
        "of processes may show",
    )


def _strict() -> Level:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return Level("strict", False, "bubblewrap is missing; install it (Debian: bubblewrap)")
    # Namespaces within the jail are what each worker needs, so they are tried as well.
    inner = ["unshare", "--pid", "--mount-proc", "--net", "--ipc", "--fork", "true"]
    command = jail.bubblewrap_command(bwrap, inner)
    try:
        tried = subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Level("strict", False, f"bubblewrap does not start: {error}")
    if tried.returncode != 0:
        said = tried.stderr.decode(errors="replace").strip().splitlines()
        hint = "allow user namespaces (kernel.unprivileged_userns_clone=1, or AppArmor's profile)"
        last = said[-1] if said else f"exit status {tried.returncode}"
        return Level("strict", False, f"bubblewrap cannot make namespaces here: {last}; {hint}")
    return Level("strict", True, "namespaces of its own for each answer, nothing else in sight")
