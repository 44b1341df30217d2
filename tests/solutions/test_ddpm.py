"""Claims about B 2.2 to B 2.5: schedule, training losses and samplers of the DDPM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn

from solutions import ddpm


class KnownNet(nn.Module):
    """A noise predictor that is a known function, and notes its calls."""

    def __init__(self, answer: Callable[[Tensor, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.answer = answer or (lambda x, t: torch.tanh(0.8 * x + t - 0.5))
        self.calls: list[dict[str, Tensor]] = []

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Predict from images and times alone."""
        self.calls.append({"x": x, "t": t, "grad": torch.tensor(torch.is_grad_enabled())})
        assert t.shape == (len(x),)
        return self.scale * self.answer(x, t.view(-1, 1, 1, 1))


class KnownClassNet(KnownNet):
    """The same with a class, which shifts the noise where the mask keeps it."""

    def forward(  # type: ignore[override]  # one more argument, as the course's nets have
        self, x: Tensor, c: Tensor, t: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Predict from images, times and the classes that are kept."""
        out = super().forward(x, t)
        keep = torch.ones(len(x)) if mask is None else mask
        assert keep.shape == c.shape == (len(x),)
        self.calls[-1] |= {"c": c, "mask": keep}
        return out + (keep * (c + 1) / 20).view(-1, 1, 1, 1)


@pytest.mark.parametrize(
    ("index", "alpha_bar"),
    [
        (0, 0.9999),
        (1, 0.999733),
        (50, 0.913875),
        (100, 0.706813),
        (200, 0.255640),
        (299, 0.0480584),
    ],
)
def test_the_schedule_has_the_known_values(index: int, alpha_bar: float) -> None:
    """At the course's T = 300, alpha_bar is known to six digits."""
    schedule = ddpm.ddpm_schedule(1e-4, 0.02, 300)
    assert schedule["alpha_bars"][index].item() == pytest.approx(alpha_bar, rel=2e-6, abs=6e-7)


@pytest.mark.parametrize("num_ts", [300, 400])
def test_the_schedule_is_linear_and_multiplied_up(num_ts: int) -> None:
    """Betas are evenly spaced and alpha_bar is the product of (1 - beta), in float64."""
    schedule = ddpm.ddpm_schedule(1e-4, 0.02, num_ts)
    betas = np.linspace(1e-4, 0.02, num_ts)
    expected = {"betas": betas, "alphas": 1 - betas, "alpha_bars": np.cumprod(1 - betas)}
    assert set(schedule) == set(expected)
    for name, values in expected.items():
        torch.testing.assert_close(
            schedule[name].double(), torch.from_numpy(values), rtol=1e-4, atol=1e-6
        )


def forward_class(net: nn.Module, schedule: dict[str, Tensor], x_0: Tensor, num_ts: int) -> Tensor:
    """Call the class-conditional loss as the plain one is called."""
    return ddpm.ddpm_forward_class(net, schedule, x_0, torch.zeros(len(x_0)).long(), 0.1, num_ts)


LOSSES = pytest.mark.parametrize(
    ("loss", "make"),
    [(ddpm.ddpm_forward, KnownNet), (forward_class, KnownClassNet)],
    ids=["plain", "class"],
)
Loss = Callable[[nn.Module, dict[str, Tensor], Tensor, int], Tensor]


@LOSSES
@pytest.mark.parametrize("num_ts", [1, 5, 300, 400])
def test_the_loss_draws_every_timestep_from_1_to_t(
    loss: Loss, make: type[KnownNet], num_ts: int
) -> None:
    """The net sees t / T for t in 1 .. T, all of them about equally often."""
    net = make()
    x_0 = torch.zeros(200 * num_ts, 1, 1, 1)
    loss(net, ddpm.ddpm_schedule(1e-4, 0.02, num_ts), x_0, num_ts)
    (call,) = net.calls
    counts = torch.bincount((call["t"] * num_ts).round().long(), minlength=num_ts + 1)
    assert len(counts) == num_ts + 1
    assert counts[0] == 0
    # 200 expected each, with standard deviation 14
    assert (counts[1:] - 200).abs().max() < 6 * 14.2


@LOSSES
@pytest.mark.parametrize("num_ts", [300, 400])
def test_the_loss_is_zero_for_who_knows_the_image(
    loss: Loss, make: type[KnownNet], num_ts: int
) -> None:
    """Solving x_t for epsilon with alpha_bar_t, from the t that the net is told, gives it all."""
    x_0 = torch.rand(64, 1, 4, 4)
    alpha_bars = torch.from_numpy(np.cumprod(1 - np.linspace(1e-4, 0.02, num_ts))).float()

    def oracle(x: Tensor, t: Tensor) -> Tensor:
        alpha_bar = alpha_bars[(t * num_ts).round().long() - 1]
        class_shift = 1 / 20 if make is KnownClassNet else 0.0
        return (x - alpha_bar.sqrt() * x_0) / (1 - alpha_bar).sqrt() - class_shift

    value = loss(make(oracle), ddpm.ddpm_schedule(1e-4, 0.02, num_ts), x_0, num_ts)
    if make is KnownNet:
        assert value.item() < 1e-6
    else:
        # One in ten classes is dropped, and misses the shift of 1 / 20
        assert 0 < value.item() < 0.3 / 400


@LOSSES
def test_predicting_no_noise_costs_1(loss: Loss, make: type[KnownNet]) -> None:
    """The mean of epsilon^2 is 1, and the loss is a mean, a scalar with a gradient."""
    net = (
        KnownClassNet(lambda x, t: 0 * x) if make is KnownClassNet else KnownNet(lambda x, t: 0 * x)
    )
    value = loss(net, ddpm.ddpm_schedule(1e-4, 0.02, 400), torch.rand(64, 1, 28, 28), 400)
    assert value.shape == ()
    assert value.requires_grad
    assert value.item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("p_uncond", [0.0, 0.1, 0.5, 1.0])
def test_classes_are_dropped_one_by_one(p_uncond: float) -> None:
    """Among 4000 images of a batch, the mask is 0 for a share of p_uncond, else 1."""
    net, c = KnownClassNet(), torch.arange(4000) % 10
    schedule = ddpm.ddpm_schedule(1e-4, 0.02, 300)
    ddpm.ddpm_forward_class(net, schedule, torch.zeros(4000, 1, 1, 1), c, p_uncond, 300)
    (call,) = net.calls
    assert set(call["mask"].tolist()) <= {0.0, 1.0}
    sigma = (p_uncond * (1 - p_uncond) / 4000) ** 0.5
    assert abs(1 - call["mask"].mean().item() - p_uncond) <= 5 * sigma
    assert call["c"].equal(c)


def diffusers_sample(
    answer: Callable[[Tensor, float], Tensor], shape: tuple[int, ...], num_ts: int, seed: int
) -> Tensor:
    """Sample with diffusers' DDPM scheduler, whose timestep t - 1 is the course's t."""
    scheduler = DDPMScheduler(
        num_train_timesteps=num_ts,
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        variance_type="fixed_large",
        clip_sample=False,
    )
    torch.manual_seed(seed)
    x = torch.randn(shape)
    for t in range(num_ts, 0, -1):
        x = scheduler.step(answer(x, t / num_ts), t - 1, x).prev_sample
    return x


@pytest.mark.parametrize("num_ts", [300, 400])
@pytest.mark.parametrize("seed", [0, 7])
def test_sampling_is_diffusers_ddpm(num_ts: int, seed: int) -> None:
    """With the same net and seed, all T steps agree with `DDPMScheduler.step`."""
    net, schedule = KnownNet(), ddpm.ddpm_schedule(1e-4, 0.02, num_ts)
    images = ddpm.ddpm_sample(net, schedule, (8, 6), num_ts, seed=seed)
    expected = diffusers_sample(
        lambda x, t: torch.tanh(0.8 * x + t - 0.5), (16, 1, 8, 6), num_ts, seed
    )
    torch.testing.assert_close(images, expected, rtol=1e-3, atol=1e-3)
    times = torch.stack([call["t"][0] for call in net.calls]) * num_ts
    torch.testing.assert_close(times, torch.arange(num_ts, 0, -1.0))
    assert not any(call["grad"] for call in net.calls)
    assert not net.training


@pytest.mark.parametrize("guidance_scale", [0.0, 1.0, 5.0])
def test_guided_sampling_is_diffusers_ddpm_of_the_guided_noise(guidance_scale: float) -> None:
    """The known net's class shift, scaled by gamma, is all that guidance adds."""
    c, num_ts = torch.tensor([3, 0, 9]), 300
    images = ddpm.ddpm_sample_class(
        KnownClassNet(), ddpm.ddpm_schedule(1e-4, 0.02, num_ts), c, (4, 4), num_ts, guidance_scale
    )
    shift = guidance_scale * (c + 1).view(-1, 1, 1, 1) / 20
    expected = diffusers_sample(
        lambda x, t: torch.tanh(0.8 * x + t - 0.5) + shift, (3, 1, 4, 4), num_ts, 0
    )
    torch.testing.assert_close(images, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("num_ts", [300, 400])
def test_the_last_step_adds_no_noise(num_ts: int) -> None:
    """A net that knows its world's one image leads every sample to it; noise would be 0.01."""
    target = torch.rand(1, 1, 4, 4)
    alpha_bars = torch.from_numpy(np.cumprod(1 - np.linspace(1e-4, 0.02, num_ts))).float()

    def oracle(x: Tensor, t: Tensor) -> Tensor:
        alpha_bar = alpha_bars[(t * num_ts).round().long() - 1]
        return (x - alpha_bar.sqrt() * target) / (1 - alpha_bar).sqrt()

    images = ddpm.ddpm_sample(
        KnownNet(oracle), ddpm.ddpm_schedule(1e-4, 0.02, num_ts), (4, 4), num_ts
    )
    torch.testing.assert_close(images, target.expand(16, 1, 4, 4), rtol=0, atol=1e-3)


def test_guided_sampling_calls_with_and_without_the_class() -> None:
    """Each step has one call that keeps all classes and one that drops all; 5 is the default."""
    net, schedule = KnownClassNet(), ddpm.ddpm_schedule(1e-4, 0.02, 10)
    images = ddpm.ddpm_sample_class(net, schedule, torch.arange(4), (4, 4), 10)
    masks = [call["mask"].tolist() for call in net.calls]
    assert sorted(masks[:2]) == [[0.0] * 4, [1.0] * 4]
    assert len(masks) == 20
    five = ddpm.ddpm_sample_class(net, schedule, torch.arange(4), (4, 4), 10, 5.0, 0)
    assert images.equal(five)
    assert not net.training
