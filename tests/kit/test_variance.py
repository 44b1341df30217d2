"""The noise of a reverse step, against the scheduler and the table of the assignment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler
from kit import KitError, add_variance

TIMESTEPS = list(range(990, -1, -30))


@pytest.fixture
def stage() -> Any:
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    scheduler.set_timesteps(timesteps=TIMESTEPS)
    return SimpleNamespace(scheduler=scheduler)


@pytest.mark.parametrize(
    ("t", "smallest", "largest"),
    [
        (990, 0.97128, 0.97298),
        (690, 0.38458, 0.39465),
        (390, 0.23205, 0.24854),
        (30, 0.00639, 0.0591),
    ],
)
def test_noise_spans_the_range_of_the_step(
    stage: Any, t: int, smallest: float, largest: float
) -> None:
    """-1 gives sqrt of beta tilde, +1 sqrt of beta, for the strided step from t."""
    image = torch.full((8, 3, 64, 64), 0.5)
    for value, wanted in ((-1.0, smallest), (1.0, largest)):
        noise = add_variance(stage, torch.full_like(image, value), t, image) - image
        assert float(noise.std()) == pytest.approx(wanted, rel=0.02)
        assert abs(float(noise.mean())) < 0.02 * wanted + 1e-3


def test_it_agrees_with_the_scheduler_s_own_step(stage: Any) -> None:
    """With the same noise, mean plus add_variance is diffusers' step."""
    x, noise, variance = (torch.randn(1, 3, 64, 64) for _ in range(3))
    output = torch.cat([noise, variance], dim=1)
    stage.scheduler.register_to_config(clip_sample=False)
    torch.manual_seed(3)
    wanted = stage.scheduler.step(output, 690, x, generator=None).prev_sample
    a, a_next = (stage.scheduler.alphas_cumprod[t] for t in (690, 660))
    x0 = (x - (1 - a) ** 0.5 * noise) / a**0.5
    beta = 1 - a / a_next
    mean = a_next**0.5 * beta / (1 - a) * x0 + (1 - beta) ** 0.5 * (1 - a_next) / (1 - a) * x
    torch.manual_seed(3)
    torch.testing.assert_close(add_variance(stage, variance, 690, mean), wanted, atol=2e-5, rtol=0)


def test_a_tensor_timestep_and_half_precision_are_fine(stage: Any) -> None:
    image = torch.zeros(1, 3, 64, 64, dtype=torch.float16)
    result = add_variance(stage, image.float(), torch.tensor(690), image)
    assert result.dtype == torch.float16
    assert not torch.equal(result, image)


def test_the_input_is_left_alone(stage: Any) -> None:
    image = torch.zeros(1, 3, 64, 64)
    add_variance(stage, image, 690, image)
    assert torch.equal(image, torch.zeros(1, 3, 64, 64))


def test_a_timestep_of_another_loop_is_an_error(stage: Any) -> None:
    with pytest.raises(KitError, match=r"t = 5 is not in .*set_timesteps"):
        add_variance(stage, torch.zeros(1, 3, 64, 64), 5, torch.zeros(1, 3, 64, 64))


def test_six_channels_are_an_error(stage: Any) -> None:
    with pytest.raises(KitError, match="split the UNet's six channels"):
        add_variance(stage, torch.zeros(1, 6, 64, 64), 690, torch.zeros(1, 3, 64, 64))
