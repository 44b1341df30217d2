"""Triton's kernels, run by its interpreter, against torch's own operations and gradients."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import torch
from torch import nn
from course.miniature import fused

def results(kernels, channels, groups, act):
    fused.KERNELS = kernels
    torch.manual_seed(0)
    norm = nn.GroupNorm(groups, channels)
    nn.init.normal_(norm.weight); nn.init.normal_(norm.bias)
    def leaf(*shape):
        value = torch.randn(shape)
        if len(shape) == 4:
            value = value.to(memory_format=torch.channels_last)
        return value.requires_grad_()
    x, y, gate = leaf(2, channels, 8, 8), leaf(2, channels, 8, 8), leaf(3, 5, 2 * channels)
    bias, scale, shift = leaf(channels), leaf(2, channels), leaf(2, channels)
    leaves = [x, y, gate, bias, scale, shift, norm.weight, norm.bias]
    normed = fused.norm_act(norm, x, act=act, bias=bias, scale=scale, shift=shift)
    outs = [fused.add(normed, y, bias), fused.gate(gate)]
    sum((out * torch.linspace(-1, 1, out.numel()).view(out.shape)).sum() for out in outs).backward()
    return outs + [value.grad for value in leaves]

for sizes in ((12, 4, True), (48, 16, False)):
    for ours, theirs in zip(results(True, *sizes), results(False, *sizes), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
print("equal")
"""


def test_kernels_compute_what_torch_computes() -> None:
    pytest.importorskip("triton")
    root = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(root), str(root / "course")])
    environment = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout == "equal\n", done.stderr[-2000:]
