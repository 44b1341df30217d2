"""Answers that look for the expected values, or carry the hidden inputs away."""

from __future__ import annotations

from ..attack import Attack, answer

# Runs whatever defines `strided_timesteps` in a text, and takes it for the answer.
_RUN = """
def run(text):
    space = {"list": list, "range": range, "Tensor": object}
    try:
        wanted = text[text.index("def strided_timesteps"):]
        wanted = wanted[:wanted.index("\\n\\n\\n")]
        exec(compile(wanted, "stolen", "exec"), space)
        return space["strided_timesteps"]
    except Exception:
        return None
"""

ATTACKS = (
    Attack(
        "callers-frames",
        "a1_4_timesteps",
        "Walks the callers' frames to a local named expected, right or reference.",
        answer("""
        import sys

        def strided_timesteps(start=990, stride=30):
            frame = sys._getframe()
            while frame is not None:
                for name in ("expected", "right", "reference", "solution"):
                    found = frame.f_locals.get(name)
                    if isinstance(found, list):
                        return found
                frame = frame.f_back
            return []
        """),
    ),
    Attack(
        "traceback-frames",
        "b2_2_schedule",
        "Raises, catches itself and walks the traceback's frames to the expected tables.",
        answer("""
        def ddpm_schedule(beta1, beta2, num_ts):
            try:
                raise ValueError
            except ValueError as error:
                frame = error.__traceback__.tb_frame
            while frame is not None:
                for value in list(frame.f_locals.values()):
                    if isinstance(value, dict) and "alpha_bars" in value:
                        return value
                frame = frame.f_back
            return {}
        """),
    ),
    Attack(
        "garbage-collector",
        "a1_4_timesteps",
        "Asks the garbage collector for a function of the same name that is not its own.",
        answer("""
        import gc

        def strided_timesteps(start=990, stride=30):
            own = strided_timesteps.__code__
            for thing in gc.get_objects():
                if type(thing) is type(strided_timesteps) and thing.__code__ is not own:
                    if thing.__name__ in ("strided_timesteps", "expected"):
                        return thing(start, stride)
            return []
        """),
    ),
    Attack(
        "gc-tensors",
        "a1_2_classical",
        "Takes a tensor of the garbage collector's that has the picture's shape and is another.",
        answer("""
        import gc

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            for thing in gc.get_objects():
                if isinstance(thing, dict) and isinstance(thing.get("expected"), Tensor):
                    return thing["expected"]
            return im_noisy
        """),
        earns=("shape",),
    ),
    Attack(
        "inspect-stack",
        "a1_4_timesteps",
        "Reads the callers' globals by inspect.stack, for a function of the reference.",
        answer("""
        import inspect

        def strided_timesteps(start=990, stride=30):
            for info in inspect.stack(context=0):
                for name in ("reference", "solution", "expected", "solution_source"):
                    for space in (info.frame.f_locals, info.frame.f_globals):
                        found = space.get(name)
                        if callable(found) and found is not strided_timesteps:
                            return found(start, stride)
            return []
        """),
    ),
    Attack(
        "linecache",
        "a1_4_timesteps",
        "Reads the source of every loaded module by linecache, and runs what defines its function.",
        answer(
            _RUN
            + """
def strided_timesteps(start=990, stride=30):
    import linecache, sys
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if file.endswith(".py") and ("sampling" in file or "checks" in file):
            found = run("".join(linecache.getlines(file)))
            if found:
                return found(start, stride)
    return []
"""
        ),
    ),
    Attack(
        "loaded-modules",
        "b2_2_schedule",
        "Looks through sys.modules for another ddpm_schedule.",
        answer("""
        import sys

        def ddpm_schedule(beta1, beta2, num_ts):
            for name, module in list(sys.modules.items()):
                found = getattr(module, "ddpm_schedule", None)
                if callable(found) and found is not ddpm_schedule and name != "__main__":
                    return found(beta1, beta2, num_ts)
            return {}
        """),
    ),
    Attack(
        "imports-the-reference",
        "b2_2_schedule",
        "Adds every parent of every path of Python to the path, and imports solutions.",
        answer("""
        import importlib, sys
        from pathlib import Path

        def ddpm_schedule(beta1, beta2, num_ts):
            parents = {str(p) for path in sys.path for p in Path(path).parents}
            sys.path[:] = [*sys.path, *sorted(parents)]
            try:
                return importlib.import_module("solutions.ddpm").ddpm_schedule(beta1, beta2, num_ts)
            except Exception:
                return {}
        """),
        stopped_by="strict",
    ),
    Attack(
        "reads-the-reference",
        "a1_4_timesteps",
        "Searches the folders above the worker's for the solutions' source, and runs it.",
        answer(
            _RUN
            + """
def strided_timesteps(start=990, stride=30):
    import sys
    from pathlib import Path
    for path in sys.path:
        for parent in Path(path).parents:
            for file in (parent / "solutions").glob("*.py"):
                found = run(file.read_text())
                if found:
                    return found(start, stride)
    return []
"""
        ),
        stopped_by="strict",
    ),
    Attack(
        "compiled-files",
        "a1_4_timesteps",
        "Unmarshals .pyc files above the worker's folder, for the code of its function.",
        answer("""
        import marshal, sys, types
        from pathlib import Path

        def codes(code):
            yield code
            for part in code.co_consts:
                if isinstance(part, types.CodeType):
                    yield from codes(part)

        def strided_timesteps(start=990, stride=30):
            for path in sys.path:
                for parent in Path(path).parents:
                    for file in (parent / "solutions").rglob("sampling*.pyc"):
                        for code in codes(marshal.loads(file.read_bytes()[16:])):
                            if code.co_name == "strided_timesteps":
                                return types.FunctionType(code, {"range": range})(start, stride)
            return []
        """),
        stopped_by="strict",
    ),
)
