"""Seconds and memory of one guided sample on two cores, in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CORES = 2
REPEATS = 3


def measure_speed(directory: Path) -> dict[str, Any]:
    """Draw a guided sample of 33 steps, on the CPU, after a warm-up.

    Returns:
        The least of three times in seconds, of the course's own loop and of the pipeline with 33
        steps; the seconds that the cores worked on it, over their number, which is what the clock
        would show on an idle machine; the largest memory of the process in MiB; what else ran, as
        the load of the machine.

    Raises:
        RuntimeError: If the process fails; the argument is the end of what it said.
    """
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), str(root / "course"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "course.miniature.speed", str(directory)],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": path,
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": str(CORES),
        },
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-300:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _main(directory: str) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    import kit
    import torch

    from solutions.sampling import iterative_denoise_cfg, strided_timesteps

    torch.set_num_threads(CORES)
    stage_1 = kit.load_stage_1(directory, "cpu")
    stage_1.set_progress_bar_config(disable=True)
    embeds = kit.embed(["a rocket", ""], stage_1)
    cond, uncond, noise = embeds["a rocket"], embeds[""], torch.randn(1, 3, 64, 64)

    def loop() -> None:
        iterative_denoise_cfg(stage_1, noise, 0, cond, uncond, strided_timesteps())

    def pipeline() -> None:
        stage_1(
            prompt_embeds=cond,
            negative_prompt_embeds=uncond,
            num_inference_steps=33,
            output_type="pt",
        )

    seconds, busy = {}, {}
    for name, draw in (("loop", loop), ("pipeline", pipeline)):
        times, worked = [], []
        for _ in range(REPEATS + 1):  # the first one warms up
            start, cpu_start = time.perf_counter(), time.process_time()
            draw()
            times.append(time.perf_counter() - start)
            worked.append((time.process_time() - cpu_start) / CORES)
        seconds[name], busy[name] = round(min(times[1:]), 2), round(min(worked[1:]), 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    load = round(os.getloadavg()[0], 1)
    print(json.dumps({"seconds": seconds, "busy": busy, "peak_mib": round(peak), "load": load}))


if __name__ == "__main__":
    _main(sys.argv[1])
