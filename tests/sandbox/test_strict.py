"""Level strict: an answer sees Python and nothing else, and leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograder
from autograder.sandbox import ForkServerHandle, RemoteSubject, jail
from autograder.worker.confine import Caps
from tests.sandbox.conftest import PATIENCE, needs

ROOT = Path(autograder.__file__).resolve().parent.parent
SECRET = "a-token-of-the-grader"


@pytest.fixture(scope="module")
def strict() -> Iterator[ForkServerHandle]:
    """A fork server that was started where the environment holds a secret."""
    needs("strict")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_TOKEN", SECRET)
        with ForkServerHandle("strict") as handle:
            yield handle


def ask(server: ForkServerHandle, body: str, *args: object, caps: Caps | None = None) -> Any:
    """What a function of an answer returns."""
    subject = RemoteSubject(server, PATIENCE, caps or Caps())
    try:
        subject.define(f"import os, sys\ndef f(*args):\n{body}")
        return subject.call("f", *args)
    finally:
        subject.close()


TRY = """
    try:
        {}
    except Exception as error:
        return type(error).__name__
    return "done"
"""


@pytest.mark.parametrize(
    "action",
    [
        "import socket; socket.create_connection(('1.1.1.1', 53), 5)",
        "import socket; socket.socket().connect(('127.0.0.1', 22))",
        "import socket; socket.getaddrinfo('example.org', 80)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1', timeout=5)",
        "os.fork()",
        "os.kill(1, 9)",
        "os.kill(os.getppid(), 9)",
        "os.chroot('/')",
        "os.setuid(12345)",
        "os.mknod('/tmp/device', 0o60600, 0x801)",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "open('/proc/self/oom_score_adj', 'w').write('-1000')",
        "import ctypes; c = ctypes.CDLL(None); assert c.unshare(0x10000000) == 0",
        "import ctypes; c = ctypes.CDLL(None); assert c.mount(b'x', b'/', b'tmpfs', 0, 0) == 0",
        "import ctypes; c = ctypes.CDLL(None); assert c.memfd_create(b'x', 0) >= 0",
        "import ctypes; c = ctypes.CDLL(None); assert c.ptrace(16, 1, 0, 0) == 0",
        "import solutions",
        "import autograder",
        "import course",
        "import tests",
        "import diffusers; diffusers.DDPMScheduler",
        "import transformers; transformers.CLIPTextModel",
        "import pytest; pytest.skip",
        f"os.listdir({str(ROOT / 'autograder')!r})",
        f"open({str(ROOT / 'course' / 'exercises.toml')!r})",
        "open('/etc/shadow')",
        "open('/etc/passwd')",
        "open('/sys/class/net')",
    ],
)
def test_what_an_answer_tries_in_vain(strict: ForkServerHandle, action: str) -> None:
    assert ask(strict, TRY.format(action)) != "done"


def test_the_same_kind_of_attempt_can_succeed(strict: ForkServerHandle) -> None:
    """Otherwise the tests above would show nothing."""
    assert ask(strict, TRY.format("import torch; open('/tmp/a', 'w')")) == "done"


def test_the_environment_is_clean(strict: ForkServerHandle) -> None:
    environment = ask(strict, "    return dict(os.environ)")
    assert (
        environment.items() <= {**jail.environment(), "PWD": "/tmp", "LC_CTYPE": "C.UTF-8"}.items()
    )
    assert SECRET not in str(environment)
    everything = "    return [open(f'/proc/{p}/environ', errors='replace').read()"
    assert SECRET not in str(ask(strict, f"{everything} for p in ('self', '1')]"))


def test_no_other_process_is_in_sight(strict: ForkServerHandle) -> None:
    """The worker's own two: the namespace's first process, and the answer."""
    other = RemoteSubject(strict, PATIENCE, Caps())
    try:
        other.define("def f(): pass")
        pids = ask(strict, "    return sorted(int(p) for p in os.listdir('/proc') if p.isdigit())")
    finally:
        other.close()
    assert pids == [1, 2]


def test_no_descriptor_is_open_but_the_protocols(strict: ForkServerHandle) -> None:
    body = "    return {int(fd): os.readlink(f'/proc/{p}/fd/{fd}') for p in ('self',)"
    found = ask(strict, f"{body} for fd in os.listdir('/proc/self/fd') if int(fd) < 4}}")
    assert sorted(found) == [0, 1, 2, 3]
    assert {found[0], found[1], found[2]} == {"/dev/null"}
    assert found[3].startswith("socket:")
    more = ask(strict, "    return [fd for fd in os.listdir('/proc/self/fd')]")
    assert len(more) <= 5  # the listing itself needs one


WRITABLE = """
    found = []
    for folder, inside, _ in os.walk("/"):
        inside[:] = [name for name in inside if os.path.join(folder, name) != "/proc"]
        try:
            with open(os.path.join(folder, "written"), "w"):
                found.append(folder)
        except OSError:
            pass
    return found
"""


def test_nothing_can_be_written_but_private_folders(strict: ForkServerHandle) -> None:
    assert sorted(ask(strict, WRITABLE)) == ["/dev/shm", "/tmp"]
    where = "    return [os.listdir(f) for f in ('/tmp', '/dev/shm')]"
    assert ask(strict, where) == [[], []]


def test_private_folders_are_small(strict: ForkServerHandle) -> None:
    body = """
    written = 0
    try:
        for number in range(1000):
            with open(f"/tmp/{number}", "wb") as file:
                for _ in range(8):
                    written += file.write(bytes(2**17))
                    file.flush()
    except OSError as error:
        return [written, error.strerror]
"""
    written, error = ask(strict, body, caps=Caps(scratch_mib=16))
    assert error == "No space left on device"
    assert written <= 16 * 2**20


def test_no_capability_is_left(strict: ForkServerHandle) -> None:
    status = ask(strict, "    return open('/proc/self/status').read()")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_caches_are_private(strict: ForkServerHandle) -> None:
    for name in ("HOME", "HF_HOME", "MPLCONFIGDIR", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
        assert jail.environment()[name].split(os.path.sep)[1] == "tmp"
