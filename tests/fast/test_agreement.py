"""Do the accelerated loops do what the readable ones do, step by step in float32?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course.fast import (
    DDPMSetting,
    DenoiserSetting,
    TrainingError,
    ddpm,
    denoiser,
    sample_fast,
    train_ddpm_fast,
    train_denoiser_fast,
)
from course.fast.judge import frechet_distance
from solutions.ddpm import ddpm_sample, ddpm_sample_class, ddpm_schedule
from solutions.training import train_ddpm, train_denoiser
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

COUNT, BATCH, EPOCHS, D, T = 20, 8, 2, 4, 12
INDICES = torch.arange(COUNT).split(BATCH)


@pytest.fixture
def images() -> Tensor:
    """Random pictures, (20, 1, 28, 28), in [0, 1]."""
    return torch.rand(COUNT, 1, 28, 28, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def labels() -> Tensor:
    """Their classes, (20,)."""
    return torch.arange(COUNT) % 10


@pytest.fixture
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both loops see the same batches, so that the same random numbers follow."""
    for module in (denoiser, ddpm):
        monkeypatch.setattr(module, "shuffled", lambda *_: torch.arange(COUNT))


def test_denoiser_losses_agree_batch_by_batch(images: Tensor, in_order: None) -> None:
    nets = [seeded(lambda: UnconditionalUNet(1, D)) for _ in range(2)]
    loader = [(images[i], i) for i in INDICES]
    torch.manual_seed(5)
    plain = train_denoiser(nets[0], loader, 0.5, EPOCHS, 1e-3)
    torch.manual_seed(5)
    setting = DenoiserSetting(0.5, BATCH, EPOCHS, 1e-3, bf16=False)
    fast = train_denoiser_fast(nets[1], images, setting)
    assert fast == pytest.approx(plain, rel=1e-4)
    same_state(*nets)


def test_ddpm_losses_agree_batch_by_batch(images: Tensor, labels: Tensor, in_order: None) -> None:
    nets = [seeded(lambda: ClassConditionalUNet(1, 10, D)) for _ in range(2)]
    schedule = ddpm_schedule(1e-4, 0.02, T)
    loader = [(images[i], labels[i]) for i in INDICES]
    torch.manual_seed(5)
    plain = train_ddpm(nets[0], schedule, loader, T, EPOCHS, 1e-3, 0.3)
    torch.manual_seed(5)
    setting = DDPMSetting(T, BATCH, EPOCHS, 1e-3, 0.3, bf16=False)
    fast = train_ddpm_fast(nets[1], schedule, images, labels, setting)
    assert fast == pytest.approx(plain, rel=1e-4)
    same_state(*nets)


def test_samples_agree() -> None:
    schedule = ddpm_schedule(1e-4, 0.02, T)
    digits = torch.arange(6)
    unet = seeded(lambda: ClassConditionalUNet(1, 10, D))
    plain = ddpm_sample_class(unet, schedule, digits, (28, 28), T, 3.0, seed=4)
    torch.manual_seed(4)
    fast = sample_fast(unet, schedule, T, 6, digits, 3.0, bf16=False)
    torch.testing.assert_close(fast, plain, rtol=1e-3, atol=1e-4)
    time_only = seeded(lambda: TimeConditionalUNet(1, 10, D))
    plain = ddpm_sample(time_only, schedule, (28, 28), T, seed=4)
    torch.manual_seed(4)
    fast = sample_fast(time_only, schedule, T, len(plain), bf16=False)
    torch.testing.assert_close(fast, plain, rtol=1e-3, atol=1e-4)


def test_a_loss_that_is_not_finite_stops_and_says_where(images: Tensor, in_order: None) -> None:
    images[9] = float("nan")
    setting = DenoiserSetting(0.5, BATCH, EPOCHS, 1e-3, bf16=False)
    with pytest.raises(TrainingError, match=r"epoch 1, batch 2: lower the learning rate"):
        train_denoiser_fast(UnconditionalUNet(1, D), images, setting)


def test_frechet_distance_of_normal_features_is_the_closed_form() -> None:
    """For N(0, I) and N(m, s^2 I) it is |m|^2 + D (1 - s)^2, up to sampling noise."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(40_000, 4, generator=generator, dtype=torch.float64)
    b = 2 * torch.randn(40_000, 4, generator=generator, dtype=torch.float64) + 3
    assert frechet_distance(a, b) == pytest.approx(4 * 9 + 4 * 1, rel=0.02)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def seeded(make: Callable[[], torch.nn.Module]) -> torch.nn.Module:
    """A module with the same weights each time."""
    torch.manual_seed(3)
    return make()


def same_state(a: torch.nn.Module, b: torch.nn.Module) -> None:
    """The last layer's weights agree as far as rounding lets them.

    Biases before a batch norm have no gradient but rounding, which Adam makes as large as any.
    """
    x, y = (net.state_dict()["last.weight"] for net in (a, b))
    torch.testing.assert_close(y, x, rtol=1e-2, atol=1e-4)
