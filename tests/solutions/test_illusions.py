"""Claims about A 1.8 and A 1.9: visual anagrams and hybrid images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions import illusions
from tests.solutions.support import (
    TIMESTEPS,
    KnownUNet,
    NoiseAndVariance,
    blur,
    guided,
    make_stage,
    prompt,
    reference_loop,
)

PAIR = (prompt(0.5), prompt(-0.4))
LAST = TIMESTEPS[-8:]


@pytest.fixture
def image() -> Tensor:
    """One picture, (1, 3, 64, 64), in [-1, 1]."""
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(7)) * 2 - 1


def without_noise(stage: object, variance: Tensor, t: int, image: Tensor) -> Tensor:
    """Stand in for add_variance where a claim is about the means."""
    return image


@pytest.mark.parametrize("scale", [0.0, 1.0, 7.0])
def test_anagrams_average_the_upright_and_the_flipped_noise(image: Tensor, scale: float) -> None:
    """The loop is diffusers' step with the mean of two guided noises and branch 1's variance."""
    stage = make_stage()

    def estimate(x: Tensor, t: int) -> NoiseAndVariance:
        upright, variance = guided(stage.unet, x, t, 0.5, scale)
        rows = torch.arange(63, -1, -1)
        flipped, _ = guided(stage.unet, x[:, :, rows], t, -0.4, scale)
        return 0.5 * upright + 0.5 * flipped[:, :, rows], variance

    torch.manual_seed(0)
    result = illusions.visual_anagrams(stage, image, 10, PAIR, prompt(0.0), TIMESTEPS, scale)
    torch.manual_seed(0)
    expected = reference_loop(image, TIMESTEPS[10:], estimate)
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)


def test_anagrams_flip_with_their_prompts(image: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flipping the start and swapping the prompts flips the result, noise aside."""
    monkeypatch.setattr(illusions, "add_variance", without_noise)
    upright = illusions.visual_anagrams(make_stage(), image, 0, PAIR, prompt(0.0), LAST)
    swapped = illusions.visual_anagrams(
        make_stage(), image.flip(2), 0, PAIR[::-1], prompt(0.0), LAST
    )
    torch.testing.assert_close(swapped.flip(2), upright, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(swapped, upright, atol=1e-2)


@pytest.mark.parametrize("scale", [0.0, 1.0, 7.0])
def test_hybrids_join_far_lows_and_near_highs(image: Tensor, scale: float) -> None:
    """The loop is diffusers' step with low frequencies of the first, high ones of the second."""
    stage = make_stage()

    def estimate(x: Tensor, t: int) -> NoiseAndVariance:
        far, variance = guided(stage.unet, x, t, 0.5, scale)
        near, _ = guided(stage.unet, x, t, -0.4, scale)
        return blur(far, 33, 2.0) + near - blur(near, 33, 2.0), variance

    torch.manual_seed(0)
    result = illusions.make_hybrids(stage, image, 10, PAIR, prompt(0.0), TIMESTEPS, scale)
    torch.manual_seed(0)
    expected = reference_loop(image, TIMESTEPS[10:], estimate)
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)


class TwoPatterns(KnownUNet):
    """A UNet whose noise is a smooth wave for prompt 0.5 and a checkerboard for -0.4."""

    smooth_far = True

    def noise_and_variance(self, x: Tensor, t: int, embeds: Tensor) -> NoiseAndVariance:
        """Answer with the pattern of the prompt; the empty prompt has no noise."""
        value = float(embeds.mean())
        is_far, is_near = abs(value - 0.5) < 1e-3, abs(value + 0.4) < 1e-3
        index = np.arange(64)
        board = torch.from_numpy((-1.0) ** (index[:, None] + index[None])).float()
        flat = torch.ones(64, 64)
        smooth = is_far == self.smooth_far
        pattern = (flat if smooth else board) if is_far or is_near else torch.zeros(64, 64)
        return pattern.expand_as(x), torch.zeros_like(x)


def test_hybrids_take_nothing_from_the_wrong_band(
    image: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A far checkerboard and a near constant both vanish: what is left is no noise at all."""
    monkeypatch.setattr(illusions, "add_variance", without_noise)
    unet = TwoPatterns()
    unet.smooth_far = False
    result = illusions.make_hybrids(make_stage(unet), image, 0, PAIR, prompt(0.0), LAST)
    silent = illusions.make_hybrids(
        make_stage(TwoPatterns()), image, 0, (prompt(0.0), prompt(0.0)), prompt(0.0), LAST
    )
    # At the border the mirrored checkerboard still cancels, up to the Gaussian's own response.
    torch.testing.assert_close(result, silent, rtol=0, atol=1e-3)
    kept = illusions.make_hybrids(make_stage(TwoPatterns()), image, 0, PAIR, prompt(0.0), LAST)
    assert not torch.allclose(kept, silent, atol=0.1)


@pytest.mark.parametrize("function", [illusions.visual_anagrams, illusions.make_hybrids])
def test_illusions_leave_the_input_and_record_no_gradient(
    image: Tensor, function: Callable[..., Tensor]
) -> None:
    """Four UNet calls a step, in the UNet's dtype, without gradients; the start stays as it was."""
    before = image.clone()
    stage = make_stage(KnownUNet(dtype=torch.float64))
    result = function(stage, image, 5, PAIR, prompt(0.0), LAST)
    assert len(stage.unet.calls) == 4 * 2
    assert {call.x.dtype for call in stage.unet.calls} == {torch.float64}
    assert not any(call.grad for call in stage.unet.calls)
    assert result.dtype == torch.float32
    assert stage.scheduler.timesteps.tolist() == LAST
    assert image.equal(before)
