"""Answers that try to stall, fill, flood or crash the grader."""

from __future__ import annotations

from ..attack import Attack, answer, cell, prize

ATTACKS = (
    Attack(
        "loop-swallows-everything",
        "a1_4_timesteps",
        "Loops for ever and swallows every exception, those of signals included.",
        answer("""
        import signal

        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
            signal.signal(number, signal.SIG_IGN)

        def strided_timesteps(start=990, stride=30):
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass
        """),
        wall=3.0,
    ),
    Attack(
        "sleeps",
        "a1_4_timesteps",
        "Sleeps for a day.",
        "import time\ntime.sleep(86400)\n",
        wall=4.0,
        slow=True,
    ),
    Attack(
        "stops-itself",
        "a1_4_timesteps",
        "Stops its own process, so that it neither answers nor ends.",
        answer("""
        import os, signal

        def strided_timesteps(start=990, stride=30):
            os.kill(os.getpid(), signal.SIGSTOP)
        """),
        wall=4.0,
        slow=True,
    ),
    Attack(
        "long-c-call",
        "a1_4_timesteps",
        "Computes a power of a thousand million digits in one call that no signal interrupts.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            return [10 ** 10 ** 9]
        """),
        wall=4.0,
        slow=True,
    ),
    Attack(
        "memory-bomb",
        "a1_4_timesteps",
        "Fills memory with lists and keeps what it got when there is no more.",
        answer("""
        kept = []

        def strided_timesteps(start=990, stride=30):
            while True:
                kept.append(bytearray(2 ** 24))
        """),
        memory_mib=256,
    ),
    Attack(
        "memory-hoard",
        "a1_4_timesteps",
        "Takes 1.5 GiB where 256 MiB are allowed, by tensors.",
        prize("""
        kept = [torch.ones(2 ** 26) for _ in range(6)]
        return len(kept) == 6
        """),
        memory_mib=256,
    ),
    Attack(
        "shared-memory-bomb",
        "a1_4_timesteps",
        "Takes 1 GiB where 128 MiB are allowed, by shared anonymous mappings.",
        prize("""
        import mmap, time
        kept = []
        for _ in range(8):
            kept.append(mmap.mmap(-1, 2 ** 27))
            for offset in range(0, 2 ** 27, 4096):
                kept[-1][offset] = 1
        time.sleep(20)
        return True
        """),
        memory_mib=128,
    ),
    Attack(
        "memory-files",
        "a1_4_timesteps",
        "Writes 768 MiB into files that live in memory only, where 128 MiB are allowed.",
        prize("""
        import os
        for number in range(24):
            file = os.memfd_create(f"m{number}")
            for _ in range(32):
                os.write(file, bytes(2 ** 20))
        return True
        """),
        memory_mib=128,
        stopped_by="strict",
    ),
    Attack(
        "enormous-tensor",
        "a1_1_forward",
        "Asks for a tensor of a million million values.",
        answer("""
        def forward(im, t, alphas_cumprod):
            return torch.zeros(10 ** 12)
        """),
    ),
    Attack(
        "fork-bomb",
        "a1_4_timesteps",
        "Forks as long as it can; 100 children at once would be a prize.",
        prize("""
        import os, time
        children = 0
        for _ in range(120):
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
            children += 1
        time.sleep(20)
        return children >= 100
        """),
        harms="leaves a hundred processes",
    ),
    Attack(
        "thread-bomb",
        "a1_4_timesteps",
        "Starts threads with small stacks and holds them; 1000 at once would be a prize.",
        prize("""
        import threading, time
        threading.stack_size(2 ** 16)
        for _ in range(1200):
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        time.sleep(20)
        return threading.active_count() >= 1000
        """),
    ),
    Attack(
        "descriptors",
        "a1_4_timesteps",
        "Opens descriptors until there are no more; 1000 would be a prize.",
        prize("""
        import os
        kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(1000)]
        return True
        """),
    ),
    Attack(
        "output-flood",
        "a1_4_timesteps",
        "Writes 500 MB to the standard streams.",
        answer("""
        import os, sys

        def strided_timesteps(start=990, stride=30):
            for _ in range(250):
                os.write(1, bytes(10 ** 6))
                sys.stderr.write("x" * 10 ** 6)
            return []
        """),
    ),
    Attack(
        "segfault",
        "a1_4_timesteps",
        "Reads from address 0.",
        answer("""
        import ctypes

        def strided_timesteps(start=990, stride=30):
            return ctypes.string_at(0)
        """),
    ),
    Attack(
        "abort",
        "b2_2_schedule",
        "Aborts the process.",
        answer("""
        import os

        def ddpm_schedule(beta1, beta2, num_ts):
            os.abort()
        """),
    ),
    Attack(
        "endless-recursion",
        "a1_4_timesteps",
        "Calls itself without end after it has raised Python's limit.",
        answer("""
        import sys

        def strided_timesteps(start=990, stride=30):
            sys.setrecursionlimit(10 ** 9)
            return [strided_timesteps(start, stride)]
        """),
        memory_mib=256,
        wall=30.0,
        slow=True,
    ),
    Attack(
        "disk-filling",
        "a1_4_timesteps",
        "Writes 256 MiB to files, wherever it may; 64 MiB are allowed.",
        prize("""
        import tempfile
        written = 0
        for place in ("/tmp", "/dev/shm", "/", "/dev", "/var/tmp"):
            try:
                for number in range(8):
                    with open(f"{place}/fill_@MARKER@_{number}", "wb") as file:
                        for _ in range(32):
                            written += file.write(bytes(2 ** 20))
            except OSError:
                pass
        return written >= 2 ** 28
        """),
        stopped_by="strict",
        harms="fills the host's disk",
    ),
    Attack(
        "many-files",
        "a1_4_timesteps",
        "Makes 200,000 empty files.",
        prize("""
        for number in range(200_000):
            open(f"/tmp/file_{number}", "w").close()
        return True
        """),
        stopped_by="strict",
        harms="fills the host's disk",
    ),
    Attack(
        "ten-thousand-cells",
        "a1_4_timesteps",
        "Hands in a notebook of 10,000 cells, each of which defines the function.",
        cells=(cell("def strided_timesteps(start=990, stride=30): return []"),) * 10_000,
    ),
    Attack(
        "one-huge-cell",
        "a1_4_timesteps",
        "Hands in a cell of 10 MB.",
        cells=(cell("x = 1\n" * 1_700_000, "a1_4_timesteps"),),
    ),
    Attack(
        "nested-source",
        "a1_4_timesteps",
        "Nests a hundred thousand brackets, which overflows a parser's stack.",
        source="x = " + "[" * 100_000 + "]" * 100_000 + "\n",
    ),
    Attack(
        "long-sum",
        "a1_4_timesteps",
        "Adds a hundred thousand numbers in one expression, which overflows a compiler's stack.",
        source="x = " + "+".join("1" * 100_000) + "\n",
    ),
    Attack(
        "highest-priority",
        "a1_4_timesteps",
        "Asks the kernel for real-time priority, for a negative niceness and for locked memory.",
        prize("""
        import ctypes, os
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
            return True
        except OSError:
            pass
        try:
            return os.nice(-10) < 0
        except OSError:
            return False
        """),
        stopped_by="strict",
    ),
)
