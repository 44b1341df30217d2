"""Claims about A 1.1 to A 1.6: noising, one step, the loop, sampling, guidance."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from solutions import sampling
from tests.solutions.support import (
    TIMESTEPS,
    KnownUNet,
    blur,
    guided,
    make_scheduler,
    make_stage,
    prompt,
    reference_loop,
)
from tests.solutions.transitions import TRANSITIONS, Transition

ALPHAS_CUMPROD = make_scheduler().alphas_cumprod


@pytest.fixture
def image() -> Tensor:
    """Two pictures, (2, 3, 64, 64), in [-1, 1]."""
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(5)) * 2 - 1


@pytest.mark.parametrize(
    ("t", "alpha_bar"), [(250, 0.84588799), (500, 0.49228517), (750, 0.14317865), (0, 0.99995872)]
)
def test_forward_is_the_closed_form(image: Tensor, t: int, alpha_bar: float) -> None:
    """With the noise known, x_t is the weighted sum with the known alpha_bar_t."""
    torch.manual_seed(1)
    noisy = sampling.forward(image, t, ALPHAS_CUMPROD)
    torch.manual_seed(1)
    expected = alpha_bar**0.5 * image + (1 - alpha_bar) ** 0.5 * torch.randn(image.shape)
    torch.testing.assert_close(noisy, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel_size", "sigma"), [(5, 2.0), (3, 1.0), (9, 1.5)])
def test_classical_denoise_is_a_gaussian_filter(
    image: Tensor, kernel_size: int, sigma: float
) -> None:
    """The blur weighs neighbours by a normalised Gaussian, with mirrored borders."""
    blurred = sampling.classical_denoise(image, kernel_size, sigma)
    torch.testing.assert_close(blurred, blur(image, kernel_size, sigma), rtol=1e-4, atol=1e-5)


def test_classical_denoise_defaults_to_kernel_5_and_sigma_2(image: Tensor) -> None:
    """The course's comparison blurs with kernel 5 and sigma 2."""
    assert sampling.classical_denoise(image).equal(sampling.classical_denoise(image, 5, 2.0))


@pytest.mark.parametrize("t", [30, 250, 500, 750, 990])
def test_one_step_recovers_the_image_from_the_true_noise(image: Tensor, t: int) -> None:
    """If the UNet names the noise that was added, the estimate is the image itself."""
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(2))
    alpha_bar = ALPHAS_CUMPROD[t].double()
    noisy = alpha_bar.sqrt() * image.double() + (1 - alpha_bar).sqrt() * noise.double()
    stage = make_stage(OracleUNet(noise, torch.zeros_like(noise)))
    x0 = sampling.one_step_denoise(stage, noisy, t, prompt(0.0))
    torch.testing.assert_close(x0, image.double(), rtol=0, atol=1e-4)


class OracleUNet(KnownUNet):
    """A UNet that gives the same noise and variance whatever it is asked."""

    def __init__(self, noise: Tensor, variance: Tensor) -> None:
        super().__init__()
        self.answer = noise, variance

    def noise_and_variance(self, x: Tensor, t: int, embeds: Tensor) -> tuple[Tensor, Tensor]:
        """Ignore the image, the time and the prompt."""
        return self.answer


def test_timesteps_are_34_and_end_in_0() -> None:
    """The default list has 33 transitions, from 990 down to 0."""
    timesteps = sampling.strided_timesteps()
    assert timesteps == TIMESTEPS
    assert (len(timesteps), timesteps[0], timesteps[-1]) == (34, 990, 0)
    assert sampling.strided_timesteps(20, 10) == [20, 10, 0]


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.t}-{row.prev_t}")
def test_a_step_has_the_coefficients_of_the_table(row: Transition) -> None:
    """From UNets with a chosen x0_hat, the step's coefficients and noise scale are read off."""
    x0 = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1).expand(2, 3, 64, 64)
    x_t = 1 - x0
    alpha_bar = ALPHAS_CUMPROD[row.t]
    epsilon = (x_t - alpha_bar.sqrt() * x0) / (1 - alpha_bar).sqrt()
    for variance, sigma in ((-1.0, row.sigma_min), (1.0, row.sigma_max)):
        stage = make_stage(OracleUNet(epsilon, torch.full_like(epsilon, variance)))
        torch.manual_seed(3)
        result = sampling.iterative_denoise(stage, x_t, 0, prompt(0.0), [row.t, row.prev_t])
        torch.manual_seed(3)
        mean = torch.tensor([row.coef_x0, row.coef_xt]).view(2, 1, 1, 1)
        expected = mean + sigma * torch.randn(x_t.shape)
        # The table has five or six digits, and |z| < 5.
        torch.testing.assert_close(result, expected, rtol=0, atol=5e-5)


@pytest.mark.parametrize("i_start", [0, 10, 20, 32])
def test_the_loop_is_diffusers_step_after_step(image: Tensor, i_start: int) -> None:
    """From any start, with the same noise, the loop ends where `DDPMScheduler.step` does."""
    stage = make_stage()
    torch.manual_seed(0)
    result = sampling.iterative_denoise(stage, image, i_start, prompt(0.4), TIMESTEPS)
    torch.manual_seed(0)
    expected = reference_loop(
        image, TIMESTEPS[i_start:], lambda x, t: stage.unet.noise_and_variance(x, t, prompt(0.4))
    )
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)
    assert [call.t for call in stage.unet.calls] == TIMESTEPS[i_start:-1]


def test_the_loop_sets_the_schedulers_timesteps(image: Tensor) -> None:
    """add_variance looks the next timestep up in the scheduler, so it must know them all."""
    stage = make_stage()
    sampling.iterative_denoise(stage, image, 31, prompt(0.0), TIMESTEPS)
    assert stage.scheduler.timesteps.tolist() == TIMESTEPS


@pytest.mark.parametrize("num_images", [1, 3])
def test_sample_is_the_whole_loop_from_noise(num_images: int) -> None:
    """Sampling is 33 steps from N(0, I), of which the batch is `num_images`."""
    stage = make_stage()
    torch.manual_seed(4)
    images = sampling.sample(stage, num_images, prompt(0.2), TIMESTEPS)
    torch.manual_seed(4)
    noise = torch.randn(num_images, 3, 64, 64)
    expected = reference_loop(
        noise, TIMESTEPS, lambda x, t: stage.unet.noise_and_variance(x, t, prompt(0.2))
    )
    assert len(stage.unet.calls) == 33
    torch.testing.assert_close(images, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("scale", "expected"), [(0, 1.0), (1, 3.0), (7, 15.0), (0.5, 2.0)])
def test_guidance_goes_from_unconditional_through_conditional(
    scale: float, expected: float
) -> None:
    """0 is the unconditional estimate, 1 the conditional one, 7 lies far beyond."""
    result = sampling.cfg_noise(torch.tensor([1.0]), torch.tensor([3.0]), scale)
    assert result.item() == pytest.approx(expected)


@pytest.mark.parametrize("scale", [0.0, 1.0, 7.0])
def test_the_guided_loop_is_diffusers_step_of_the_guided_noise(image: Tensor, scale: float) -> None:
    """Guided noise with the conditional variance goes through `DDPMScheduler.step`."""
    stage = make_stage()
    torch.manual_seed(0)
    result = sampling.iterative_denoise_cfg(
        stage, image, 10, prompt(0.3), prompt(0.0), TIMESTEPS, scale
    )
    torch.manual_seed(0)
    expected = reference_loop(
        image, TIMESTEPS[10:], lambda x, t: guided(stage.unet, x, t, 0.3, scale)
    )
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)


def test_guidance_of_scale_1_is_the_plain_loop(image: Tensor) -> None:
    """At scale 1 the empty prompt cancels, so both loops agree."""
    torch.manual_seed(0)
    cfg = sampling.iterative_denoise_cfg(
        make_stage(), image, 20, prompt(0.3), prompt(0.0), TIMESTEPS, scale=1
    )
    torch.manual_seed(0)
    plain = sampling.iterative_denoise(make_stage(), image, 20, prompt(0.3), TIMESTEPS)
    torch.testing.assert_close(cfg, plain, rtol=1e-4, atol=1e-4)


def test_guidance_defaults_to_7(image: Tensor) -> None:
    """The course's guidance scale is 7."""
    results = []
    for scale in ({}, {"scale": 7}):
        torch.manual_seed(0)
        results.append(
            sampling.iterative_denoise_cfg(
                make_stage(), image, 31, prompt(0.3), prompt(0.0), TIMESTEPS, **scale
            )
        )
    assert results[0].equal(results[1])


LOOPS: dict[str, Callable[[SimpleNamespace, Tensor], Tensor]] = {
    "one_step": lambda stage, x: sampling.one_step_denoise(stage, x, 60, prompt(0.1)),
    "iterative": lambda stage, x: sampling.iterative_denoise(stage, x, 31, prompt(0.1), TIMESTEPS),
    "cfg": lambda stage, x: sampling.iterative_denoise_cfg(
        stage, x, 31, prompt(0.1), prompt(0.0), TIMESTEPS
    ),
}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("name", LOOPS)
def test_the_unet_sees_its_own_dtype_and_the_caller_theirs(
    image: Tensor, name: str, dtype: torch.dtype
) -> None:
    """A half-precision UNet takes half-precision inputs; float32 comes in and goes out."""
    before = image.clone()
    stage = make_stage(KnownUNet(dtype=dtype))
    result = LOOPS[name](stage, image)
    assert result.dtype == torch.float32
    assert {call.x.dtype for call in stage.unet.calls} == {dtype}
    assert {call.embeds.dtype for call in stage.unet.calls} == {dtype}
    assert not any(call.grad for call in stage.unet.calls)
    assert image.equal(before)
