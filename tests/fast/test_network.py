"""Does the training step without autograd, and do its kernels, compute what the nets compute?"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from course.fast import DDPMSetting, DenoiserSetting, ddpm, denoiser, train_ddpm_fast
from course.fast import train_denoiser_fast as train_fast
from course.fast.graphs import GraphTrainer
from course.fast.sampling import coefficients
from solutions.ddpm import ddpm_forward, ddpm_schedule
from solutions.training import train_ddpm, train_denoiser
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

COUNT, BATCH, EPOCHS, D, T = 20, 8, 2, 4, 12
INDICES = torch.arange(COUNT).split(BATCH)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def images() -> Tensor:
    """Random pictures, (20, 1, 28, 28), in [0, 1]."""
    return torch.rand(COUNT, 1, 28, 28, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def by_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accelerated loops use the step that has no autograd, on the batches in order."""

    def make(unet: nn.Module, prepare: object, size: int, lr: float, bf16: bool) -> GraphTrainer:
        return GraphTrainer(unet, prepare, size, lr, torch.float32)  # type: ignore[arg-type]

    for module in (denoiser, ddpm):
        monkeypatch.setattr(module, "make_trainer", make)
        monkeypatch.setattr(module, "shuffled", lambda *_: torch.arange(COUNT))


def test_denoiser_losses_agree_batch_by_batch(images: Tensor, by_network: None) -> None:
    nets = [seeded(lambda: UnconditionalUNet(1, D)) for _ in range(2)]
    torch.manual_seed(5)
    plain = train_denoiser(nets[0], [(images[i], i) for i in INDICES], 0.5, EPOCHS, 1e-3)
    torch.manual_seed(5)
    setting = DenoiserSetting(0.5, BATCH, EPOCHS, 1e-3, bf16=False)
    assert train_fast(nets[1], images, setting) == pytest.approx(plain, rel=1e-4)
    same_state(*nets)


def test_ddpm_losses_agree_batch_by_batch(images: Tensor, by_network: None) -> None:
    nets = [seeded(lambda: ClassConditionalUNet(1, 10, D)) for _ in range(2)]
    schedule, labels = ddpm_schedule(1e-4, 0.02, T), torch.arange(COUNT) % 10
    loader = [(images[i], labels[i]) for i in INDICES]
    torch.manual_seed(5)
    plain = train_ddpm(nets[0], schedule, loader, T, EPOCHS, 1e-3, 0.3)
    torch.manual_seed(5)
    setting = DDPMSetting(T, BATCH, EPOCHS, 1e-3, 0.3, bf16=False)
    fast = train_ddpm_fast(nets[1], schedule, images, labels, setting)
    assert fast == pytest.approx(plain, rel=1e-4)
    same_state(*nets)


def test_time_only_losses_agree_batch_by_batch(images: Tensor, by_network: None) -> None:
    nets = [seeded(lambda: TimeConditionalUNet(1, 10, D)) for _ in range(2)]
    schedule = ddpm_schedule(1e-4, 0.02, T)
    optimizer = torch.optim.Adam(nets[0].parameters(), lr=1e-3)
    torch.manual_seed(5)
    plain = []
    for i in INDICES:
        loss = ddpm_forward(nets[0].train(), schedule, images[i], T)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plain.append(float(loss.detach()))
    torch.manual_seed(5)
    setting = DDPMSetting(T, BATCH, 1, 1e-3, bf16=False)
    assert train_ddpm_fast(nets[1], schedule, images, None, setting) == pytest.approx(
        plain, rel=1e-4
    )
    same_state(*nets)


@pytest.mark.parametrize("stride", [1, 5])
def test_a_step_with_the_true_noise_stays_on_the_way(stride: int) -> None:
    """From x_t with its true noise, the mean of x_t' has the signal of t' and, last, is x_0."""
    schedule = ddpm_schedule(1e-4, 0.02, 400)
    times = list(range(400, 0, -stride))
    table = coefficients(schedule["alpha_bars"], times).double()
    bars = torch.cat([torch.ones(1), schedule["alpha_bars"]]).double()
    now, then = bars[times], bars[[*times[1:], 0]]
    # x_t = sqrt(bar) x_0 + sqrt(1 - bar) epsilon: what the step makes of the part of x_0 ...
    torch.testing.assert_close(table[:, 0] * now.sqrt(), then.sqrt(), rtol=1e-5, atol=1e-5)
    # ... and of epsilon, whose variance with the fresh noise's is at most that of t'.
    kept = table[:, 0] * (1 - now).sqrt() + table[:, 1]
    assert bool((kept**2 <= 1 - then + 1e-5).all())
    assert float(table[-1, 2]) == 0
    assert abs(float(kept[-1])) < 1e-4


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is for Linux only")
@pytest.mark.parametrize("kind", ["class", "time", "none"])
def test_the_kernels_compute_what_plain_torch_does(kind: str) -> None:
    """By Triton's interpreter, in a process of its own; on a GPU see test_gpu.py."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'course'}"
    command = [sys.executable, "-m", "tests.fast.interpreted", kind]
    found = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200
    )
    assert found.returncode == 0, found.stdout + found.stderr


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    """A module with the same weights each time."""
    torch.manual_seed(3)
    return make()


def same_state(a: nn.Module, b: nn.Module) -> None:
    """The last layer's weights and a running mean agree as far as rounding lets them.

    Biases before a batch norm have no gradient but rounding, which Adam makes as large as any.
    """
    x, y = a.state_dict(), b.state_dict()
    torch.testing.assert_close(y["last.weight"], x["last.weight"], rtol=1e-2, atol=1e-4)
    for name in ("running_var", "num_batches_tracked"):
        key = f"conv_out.layers.1.layers.1.{name}"
        torch.testing.assert_close(y[key], x[key], rtol=1e-2, atol=1e-4)
