"""Answers that crash, hang, hoard or flood cost their own exercise and nothing else.

The fixture `start` looks after each test that nothing of the answer lives and that the same fork
server runs the next answer right.
"""

from __future__ import annotations

import pytest
import torch

from autograder.bank import solution_source
from autograder.checking import check_module, run_checks
from autograder.sandbox import ForkServerHandle, RemoteSubject, remote
from autograder.subject import StudentError
from autograder.worker.confine import Caps
from course.manifest import load_manifest
from tests.sandbox.conftest import PATIENCE, Starter
from tests.sandbox.processes import with_word

SMALL = Caps(memory_mib=256)
WALL = 3.0
MARKER = "31415926"

# What is sent on the protocol's descriptor without being asked.
FORGE = "import os, sys\nwire = sys.modules['worker.wire']\n"


def failure(subject: RemoteSubject, *args: object) -> StudentError:
    with pytest.raises(StudentError) as caught:
        subject.call("f", *args)
    return caught.value


def test_an_answer_runs(start: Starter) -> None:
    subject = start("def f(x, scale=1):\n    return x * scale")
    x = torch.randn(3, 64, 64)
    assert torch.equal(subject.call("f", x, scale=2.0), 2 * x)


def test_the_solution_passes_as_it_does_in_this_process(server: ForkServerHandle) -> None:
    exercise = load_manifest().exercises["a1_1_forward"]
    subject = RemoteSubject(server, PATIENCE, Caps())
    try:
        module, source = check_module(exercise.id), solution_source(exercise)
        outcomes = run_checks(module, subject, source, exercise.checks)
    finally:
        subject.close()
    assert [(o.name, o.kind, o.message) for o in outcomes] == [
        (name, "passed", "") for name in exercise.checks
    ]


def test_errors_have_kind_and_line_as_in_this_process(start: Starter) -> None:
    subject = start("def f(x):\n    if x:\n        raise ValueError('no')\n    return object()")
    raised, unsendable = failure(subject, 1), failure(subject, 0)
    assert (raised.kind, raised.type, raised.line) == ("raised", "ValueError", 3)
    assert unsendable.kind == "unsendable"


def test_exit(start: Starter) -> None:
    error = failure(start("import os\ndef f():\n    os._exit(3)"))
    assert error.kind == "killed"
    assert error.told == "your code ended the Python process (exit code 3)"


def test_sys_exit_is_only_an_exception(start: Starter) -> None:
    subject = start("import sys\ndef f(x):\n    return 1 if x else sys.exit(0)")
    assert failure(subject, 0).kind == "raised"
    assert subject.call("f", 1) == 1


def test_segfault(start: Starter) -> None:
    error = failure(start("import ctypes\ndef f():\n    ctypes.string_at(0)"))
    assert error.kind == "killed"
    assert "SIGSEGV" in error.told


def test_after_the_end_every_call_fails_the_same(start: Starter) -> None:
    subject = start("import os\ndef f():\n    os._exit(3)")
    first, second = failure(subject), failure(subject)
    assert first == second


def test_endless_loop_that_swallows_exceptions(start: Starter) -> None:
    body = "    while True:\n        try:\n            while True: pass\n"
    error = failure(start(f"def f():\n{body}        except BaseException: pass", wall=WALL))
    assert (error.kind, error.limit) == ("timeout", "wall")
    assert error.told == "Your `f` did not answer within 3 seconds."


@pytest.mark.slow
def test_endless_loop_while_it_is_defined(server: ForkServerHandle) -> None:
    subject = RemoteSubject(server, WALL, Caps())
    try:
        with pytest.raises(StudentError) as caught:
            subject.define("while True: pass")
        assert caught.value.told == "Your code did not answer within 3 seconds."
    finally:
        subject.close()


def test_cpu_limit(start: Starter) -> None:
    error = failure(start("def f():\n    while True: pass", caps=Caps(cpu=1)))
    assert (error.kind, error.limit) == ("timeout", "cpu")
    assert error.told == "Your `f` used more than 1 second of processor time."


def test_processor_time_is_counted_to_the_end(start: Starter) -> None:
    """Of an answer that did what it was asked, and of one that was still at it."""
    source = "import threading, time\ndef burn():\n    while True: pass\n"
    source += "def f():\n    begun = time.process_time()\n"
    source += "    while time.process_time() - begun < 0.5: pass\n    return 1\n"
    source += "def g():\n    threading.Thread(target=burn, daemon=True).start()\n    return 1\n"
    done, busy = start(source), start(source)
    assert done.call("f") == busy.call("g") == busy.call("f") == 1
    done.close()
    busy.close()
    assert 0.5 <= done.cpu < 10
    assert busy.cpu >= 0.5


@pytest.mark.slow
def test_cpu_limit_cannot_be_ignored(start: Starter) -> None:
    source = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\ndef f():\n"
    error = failure(start(f"{source}    while True: pass", caps=Caps(cpu=1)))
    assert (error.kind, error.limit) == ("timeout", "cpu")


@pytest.mark.parametrize("body", ["return torch.ones(2**30)", "return len(bytearray(2**32))"])
def test_more_memory_than_allowed(start: Starter, body: str) -> None:
    error = failure(start(f"def f():\n    {body}", caps=SMALL))
    assert (error.kind, error.limit) == ("memory", "memory")
    assert error.told == "Your `f` used more than 256 MiB of memory at line 2 of your answer."


def test_memory_that_grows(start: Starter) -> None:
    source = "def f():\n    hoard = []\n    while True: hoard.append(torch.ones(2**20))"
    assert failure(start(source, caps=SMALL)).kind == "memory"


def test_shared_memory_counts_too(start: Starter) -> None:
    """The kernel's limit does not count shared mappings, so the trusted side looks itself."""
    source = """
import mmap, time
def f():
    hoard = mmap.mmap(-1, 2**30)
    for page in range(0, 2**30, 4096):
        hoard[page] = 1
    time.sleep(1000)
"""
    error = failure(start(source, caps=SMALL))
    assert error.limit == "memory"
    assert error.told == "Your `f` used more than 256 MiB of memory."


def test_raising_the_limits_again_fails(start: Starter) -> None:
    source = """
import resource
def f(name):
    resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY,) * 2)
"""
    subject = start(source)
    if subject.server.level == "process":
        pytest.skip("level process leaves root its capabilities")
    for name in ("RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_FSIZE"):
        assert failure(subject, name).kind == "raised"


def test_children_in_sessions_of_their_own(start: Starter) -> None:
    """Refused where there is a filter for it, ended with the worker elsewhere."""
    source = f"""
import os
def f():
    for _ in range(10):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execvp("sleep", ["sleep", "{MARKER}"])
            os._exit(0)
    return 1
"""
    subject = start(source)
    if subject.server.level == "process":
        assert subject.call("f") == 1
    else:
        assert failure(subject).type == "PermissionError"
    subject.close()
    assert with_word(MARKER) == []


def test_children_that_keep_forking(start: Starter) -> None:
    """Ten that fork and end, for ever: no single look finds them all."""
    source = """
import os
def f():
    for _ in range(10):
        if os.fork() == 0:
            os.setsid()
            while os.fork() == 0: pass
            os._exit(0)
    return 1
"""
    subject = start(source)
    if subject.server.level == "process":
        assert subject.call("f") == 1
    else:
        assert failure(subject).type == "PermissionError"


@pytest.mark.slow
def test_another_program_in_its_place(start: Starter) -> None:
    source = f"import os\ndef f():\n    os.execvp('sleep', ['sleep', '{MARKER}'])"
    subject = start(source, wall=WALL)
    assert failure(subject).kind in ("timeout", "killed")
    subject.close()
    assert with_word(MARKER) == []


def test_threads_that_outlive_the_call(start: Starter) -> None:
    source = """
import threading
def spin():
    while True: pass
def f():
    for _ in range(5):
        threading.Thread(target=spin).start()
    return 1
"""
    assert start(source).call("f") == 1


def test_descriptors_run_out(start: Starter) -> None:
    source = "hoard = []\ndef f():\n    while True: hoard.append(open('/dev/null'))"
    error = failure(start(source, caps=Caps(files=60)))
    assert (error.kind, error.limit) == ("descriptors", "descriptors")
    assert error.told == "Your `f` opened more than 60 files at once at line 3 of your answer."


def test_one_large_file(start: Starter) -> None:
    source = """
import tempfile
def f():
    with tempfile.TemporaryFile() as file:
        while True: file.write(bytes(2**20))
"""
    error = failure(start(source, caps=Caps(scratch_mib=8)))
    assert (error.kind, error.limit) == ("file", "file")
    assert error.told == "Your `f` wrote more than 8 MiB to disk at line 5 of your answer."


def test_many_threads(start: Starter) -> None:
    """The kernel refuses them to an ordinary user; root's are counted now and then."""
    source = """
import threading, time
def f():
    for _ in range(300):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    time.sleep(1000)
"""
    error = failure(start(source, caps=Caps(processes=20)))
    assert error.limit == "processes"
    assert error.told.startswith("Your `f` started more than 20 processes and threads")


def test_huge_reply(start: Starter) -> None:
    subject = start("def f(n):\n    return torch.zeros(n * 2**18)", caps=Caps(reply_mib=2))
    error = failure(subject, 3)
    assert (error.kind, error.limit) == ("reply", "reply")
    assert error.told == "Your `f` returned more than 2 MiB."
    assert subject.call("f", 2).numel() == 2**19


def test_a_huge_reply_that_the_worker_does_not_stop(start: Starter) -> None:
    sent = "wire.PREFIX.pack(b'DCW1', 2, 3 * 2**20)"
    subject = start(f"{FORGE}def f():\n    os.write(3, {sent})\n", caps=Caps(reply_mib=2))
    assert failure(subject).limit == "reply"


def test_endless_reply(start: Starter) -> None:
    error = failure(start("def f():\n    while True: yield 1\n", wall=WALL, caps=SMALL))
    assert error.kind in ("unsendable", "memory", "timeout")


PRINTS = """
import sys
def f(megabytes):
    for number in range(megabytes):
        try:
            print("x" * 2**20, file=(sys.stdout, sys.stderr)[number % 2])
        except Exception:
            pass
    return 1
"""


def test_more_output_than_allowed(start: Starter) -> None:
    """Also where the answer swallows the error."""
    subject = start(PRINTS, caps=Caps(output_mib=4))
    assert subject.call("f", 3) == 1
    error = failure(subject, 2)
    assert (error.kind, error.limit) == ("output", "output")
    assert error.told == "Your `f` printed more than 4 MiB."
    assert failure(subject, 0).limit == "output"


def test_output_is_written_as_elsewhere(start: Starter) -> None:
    source = """
import os, sys
def f():
    print("\\udc80 \\u00e9", flush=True)
    sys.stderr.write("x")
    sys.stdout.buffer.write(b"y")
    return [sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.isatty(), os.write(1, b"z")]
"""
    assert start(source).call("f") == [1, 2, False, 1]


def test_output_flood(start: Starter) -> None:
    source = """
import os, sys
def f():
    for _ in range(1000):
        print("x" * 5000)
        print("x" * 5000, file=sys.stderr)
        os.write(1, b"y" * 10000)
    return 1
"""
    assert start(source).call("f") == 1


def test_slow_replies(start: Starter) -> None:
    source = """
import os, time
def f():
    for byte in b"DCW1" + bytes(100):
        os.write(3, bytes([byte]))
        time.sleep(0.2)
"""
    assert failure(start(source, wall=WALL)).kind in ("timeout", "protocol")


def test_endless_callbacks(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MAX_CALLBACKS", 1000)
    subject = start("def f():\n    while True: g()")
    subject.serve(g=lambda: 1)
    assert failure(subject).kind == "timeout"


def test_too_much_traffic(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MAX_TRAFFIC", 2**20)
    subject = start("def f():\n    while True: g(torch.zeros(10000))")
    subject.serve(g=lambda x: None)
    assert failure(subject).kind == "protocol"


@pytest.mark.parametrize(
    "sent",
    ["b'garbage, not a frame'", "wire.pack(b'[' * 1000, b'')", "wire.pack(b'\"x\"', b'yz')"],
)
def test_forged_frames(start: Starter, sent: str) -> None:
    assert failure(start(f"{FORGE}def f():\n    os.write(3, {sent})\n")).kind == "protocol"


def test_forged_errors(start: Starter) -> None:
    forged = {"error": {"kind": "passed", "type": "x", "message": "y"}}
    source = f"{FORGE}def f():\n    os.write(3, wire.pack(*wire.Encoder().dumps({forged})))\n"
    assert failure(start(source)).kind == "protocol"


def test_a_worker_that_answers_and_reads_no_more(start: Starter) -> None:
    """The trusted side must not wait for it to take the next, large request."""
    source = f"{FORGE}def f(x):\n    os.write(3, wire.pack(*wire.Encoder().dumps({{'ok': 1}})))\n"
    subject = start(f"{source}    while True: pass", wall=WALL)
    assert subject.call("f", 0) == 1
    assert failure(subject, torch.zeros(2**23)).kind == "timeout"


def test_a_closed_connection(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SETTLE", 0.5)
    source = "import os\ndef f():\n    os.close(3)\n    while True: pass"
    assert failure(start(source)).kind == "killed"
