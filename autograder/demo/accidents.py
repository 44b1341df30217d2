"""Answers that go wrong in ways that a grader has to survive."""

from __future__ import annotations

CRASH = """
def forward(im, t, alphas_cumprod):
    import ctypes
    ctypes.string_at(0)  # reads the null pointer: the process dies
"""

ENDLESS = """
def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
"""

MEMORY = """
def cfg_noise(noise_uncond, noise_cond, scale):
    hoard = []
    while True:
        hoard.append(torch.ones(2**27))


def iterative_denoise_cfg(
    stage_1, im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
):
    return cfg_noise(im_noisy, im_noisy, scale)
"""

# Looks for the hidden checks and the expected values: in modules, files, frames, other processes.
THIEF = """
def forward(im, t, alphas_cumprod):
    import gc, glob, inspect, os, sys
    try:
        from solutions.sampling import forward as stolen
        return stolen(im, t, alphas_cumprod)
    except ImportError:
        pass
    for path in glob.glob("/*/a1_1_forward.py") + glob.glob("/*/*/checks/a1_1_forward.py"):
        exec(open(path).read())
    frame = inspect.currentframe()
    while frame is not None:
        for value in frame.f_locals.values():
            if callable(getattr(value, "expected", None)):
                return value.expected()
        frame = frame.f_back
    for process in os.listdir("/proc"):
        if process.isdigit() and int(process) > 3:
            return open(f"/proc/{process}/environ").read()
    return im
"""

NOISY = """
import sys

def forward(im, t, alphas_cumprod):
    for _ in tqdm(range(3), desc="thinking"):
        print("noise " * 2000, file=sys.stderr)
    return alphas_cumprod[t].sqrt() * im + (1 - alphas_cumprod[t]).sqrt() * torch.randn_like(im)
"""
