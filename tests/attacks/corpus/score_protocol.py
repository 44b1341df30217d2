"""Answers that forge the worker's protocol, or outlive the call to do so."""

from __future__ import annotations

from ..attack import Attack, answer

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
    ),
    Attack(
        "message-through-a-check-error",
        "b1_1_blocks",
        "Makes a check fail on a name that it chose, to be quoted with the check's own error.",
        answer("""
        import gc, sys

        Handle = sys.modules["worker.wire"].Handle

        def execute(request):
            if request["op"] == "new":
                return {"ok": Handle(0)}
            return {"ok": [{}, ["@MARKER@", f"@MARKER@ {request}"]]}

        for thing in gc.get_objects():
            if type(thing).__name__ == "Executor":
                thing.execute = execute
        """),
    ),
)
