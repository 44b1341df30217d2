"""Answers that search the grader's host, or carry the hidden inputs away."""

from __future__ import annotations

from ..attack import Attack, answer, prize

ATTACKS = (
    Attack(
        "grader-files",
        "a1_4_timesteps",
        "Reads the answers from a file in the grader's folder, whose path it knows.",
        prize("""
        import json
        return json.load(open("@CANARY@/answers.json"))[0] == 990
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
            return json.loads(s.makefile().readline())[0] == 990
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
