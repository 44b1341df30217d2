"""Claims about A 1.7: SDEdit and inpainting."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions import editing
from solutions.sampling import iterative_denoise_cfg
from tests.solutions.support import TIMESTEPS, guided, make_stage, prompt, reference_loop


@pytest.fixture
def image() -> Tensor:
    """Two pictures, (2, 3, 64, 64), in [-1, 1]."""
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(6)) * 2 - 1


@pytest.fixture
def mask() -> Tensor:
    """The course's mask: 1 in rows 2 to 19 and columns 24 to 41."""
    mask = torch.zeros(1, 3, 64, 64)
    mask[:, :, 2:20, 24:42] = 1
    return mask


@pytest.mark.parametrize(
    ("i_start", "t", "steps"),
    [(1, 960, 32), (3, 900, 30), (5, 840, 28), (7, 780, 26), (10, 690, 23), (20, 390, 13)],
)
def test_sdedit_noises_to_the_timestep_and_denoises_from_it(
    image: Tensor, i_start: int, t: int, steps: int
) -> None:
    """The start is an index: noise to timesteps[i_start], then take the steps that are left."""
    stage = make_stage()
    torch.manual_seed(0)
    result = editing.sdedit(stage, image, i_start, prompt(0.3), prompt(0.0), TIMESTEPS)
    torch.manual_seed(0)
    alpha_bar = stage.scheduler.alphas_cumprod[t]
    noisy = alpha_bar.sqrt() * image + (1 - alpha_bar).sqrt() * torch.randn(image.shape)
    expected = reference_loop(
        noisy, TIMESTEPS[i_start:], lambda x, t: guided(stage.unet, x, t, 0.3, 7.0)
    )
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)
    assert len(stage.unet.calls) == 2 * steps


@pytest.mark.parametrize("seed", [0, 1])
def test_inpaint_keeps_the_image_outside_the_mask(image: Tensor, mask: Tensor, seed: int) -> None:
    """Outside, only timestep 0's noise is added (sigma 0.0064); inside, the content is new."""
    torch.manual_seed(seed)
    result = editing.inpaint(make_stage(), image, mask, prompt(0.3), prompt(0.0), TIMESTEPS)
    difference = (result - image).abs()
    outside = (mask == 0).expand_as(image)
    assert difference[outside].max() < 6 * 0.0065
    assert difference[outside].std() > 0.003
    assert difference[~outside].mean() > 0.1


def test_inpaint_renoises_the_original_to_the_new_timestep(
    image: Tensor, mask: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image pasted after the step from t to t' is noised to t', and always the original."""
    calls: list[int] = []

    def forward(im: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
        assert im.equal(image)
        calls.append(t)
        return im

    monkeypatch.setattr(editing, "forward", forward)
    editing.inpaint(make_stage(), image, mask, prompt(0.3), prompt(0.0), TIMESTEPS)
    assert calls == TIMESTEPS[1:]


def test_inpaint_with_a_full_mask_is_guided_sampling(
    image: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing is kept, the result is a guided sample from the same noise."""
    monkeypatch.setattr(editing, "forward", lambda im, t, alphas_cumprod: im)
    ones = torch.ones(1, 1, 64, 64)
    torch.manual_seed(0)
    result = editing.inpaint(make_stage(), image, ones, prompt(0.3), prompt(0.0), TIMESTEPS)
    torch.manual_seed(0)
    noise = torch.randn(image.shape)
    expected = iterative_denoise_cfg(make_stage(), noise, 0, prompt(0.3), prompt(0.0), TIMESTEPS)
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mask_dtype", [torch.bool, torch.uint8, torch.float64], ids=str)
def test_inpaint_takes_masks_of_any_dtype(
    image: Tensor, mask: Tensor, mask_dtype: torch.dtype
) -> None:
    """A mask is brought to the image's dtype, and neither argument is changed."""
    before, mask = image.clone(), mask.to(mask_dtype)
    mask_before = mask.clone()
    stage = make_stage()
    result = editing.inpaint(stage, image, mask, prompt(0.3), prompt(0.0), TIMESTEPS[-3:])
    assert result.dtype == torch.float32
    assert image.equal(before)
    assert mask.equal(mask_before)
    assert not any(call.grad for call in stage.unet.calls)
