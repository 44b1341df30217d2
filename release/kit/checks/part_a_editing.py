"""Visible checks of A 1.7 to A 1.9: image-to-image, inpainting, anagrams, hybrids."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from . import trajectory
from .expect import close, require, spread, tensor, unchanged
from .fake_stage import (
    OTHER,
    PROMPT,
    TIMESTEPS,
    UNCOND,
    FakeStage,
    embedding,
    fake_stage,
    flat_picture,
    gradient_picture,
)
from .registry import visible

_PROMPTS = (embedding(PROMPT), embedding(UNCOND))


def _run_sdedit(sdedit: Any, i_start: int) -> tuple[FakeStage, Tensor, Tensor, Tensor]:
    """Run the edit; return the stage, the image, the picture to end at, the result."""
    cond, uncond = flat_picture(0.3), flat_picture(0.2)
    stage = fake_stage({PROMPT: cond, UNCOND: uncond})
    im = gradient_picture()[None]
    before = im.clone()
    result = sdedit(stage, im, i_start, *_PROMPTS, list(TIMESTEPS), scale=4)
    unchanged(before, im, "the image im")
    return stage, im, flat_picture(0.6), tensor(result, im.shape)


@visible("a1_7_sdedit", "shape")
def _sdedit_shape(sdedit: Any) -> None:
    _run_sdedit(sdedit, 20)


@visible("a1_7_sdedit", "noise_level")
def _sdedit_level(sdedit: Any) -> None:
    for i_start in (1, 10, 20):
        stage, im, _, _ = _run_sdedit(sdedit, i_start)
        require(stage.unet.seen, "the UNet was never called")
        signal = float(stage.scheduler.alphas_cumprod[TIMESTEPS[i_start]])
        noise = spread(stage.unet.seen[0].sample - signal**0.5 * im[0])
        wanted = (1 - signal) ** 0.5
        require(
            abs(noise - wanted) < 0.05 * wanted,
            f"with i_start = {i_start} the image starts with noise of {noise:.3f}; expected "
            f"{wanted:.3f}, that of t = timesteps[{i_start}] = {TIMESTEPS[i_start]} "
            "(i_start is an index, not a timestep)",
        )


@visible("a1_7_sdedit", "guided_loop")
def _sdedit_loop(sdedit: Any) -> None:
    stage, _, picture, result = _run_sdedit(sdedit, 7)
    trajectory.visited(stage, TIMESTEPS, 7)
    trajectory.prompts(stage, {PROMPT, UNCOND}, "the UNet must be asked with both prompts")
    message = "the result is not what guidance with scale = 4 leads to; is scale passed on?"
    trajectory.ends_at(result, picture, message)


def _run_inpaint(inpaint: Any) -> tuple[FakeStage, Tensor, Tensor, Tensor]:
    """Inpaint the left half; return the stage, the original, the mask, the result."""
    stage = fake_stage({PROMPT: flat_picture(0.3), UNCOND: flat_picture(0.2)})
    original = gradient_picture()[None]
    before = original.clone()
    mask = torch.zeros(1, 3, 64, 64)
    mask[..., :32] = 1
    result = inpaint(stage, original, mask, *_PROMPTS, list(TIMESTEPS), scale=4)
    unchanged(before, original, "original_image")
    return stage, original, mask, tensor(result, original.shape)


@visible("a1_7_2_inpaint", "shape")
def _inpaint_shape(inpaint: Any) -> None:
    _run_inpaint(inpaint)


@visible("a1_7_2_inpaint", "kept_pixels")
def _inpaint_kept(inpaint: Any) -> None:
    _, original, mask, result = _run_inpaint(inpaint)
    inverted = float(((result - original) * mask).abs().max()) < 0.06
    hint = ": is the mask inverted? 1 is new, 0 is kept" if inverted else ""
    message = f"where the mask is 0 the result is not the original image{hint}"
    close((result - original) * (1 - mask), 0.0, 0.06, message)


@visible("a1_7_2_inpaint", "noise_level")
def _inpaint_level(inpaint: Any) -> None:
    stage, original, _, result = _run_inpaint(inpaint)
    for step in stage.steps[1:]:
        seen = step[0]
        signal = float(stage.scheduler.alphas_cumprod[seen.t])
        noise = spread((seen.sample - signal**0.5 * original[0])[..., 32:])
        wanted = (1 - signal) ** 0.5
        require(
            abs(noise - wanted) < 0.08 * wanted,
            f"when the image reaches t = {seen.t}, its kept pixels have noise of {noise:.3f}; "
            f"expected {wanted:.3f}: noise the original to the timestep that the image has then",
        )
    require(
        not torch.equal(result[..., 32:], original[..., 32:]),
        "after the last step the kept pixels are exactly the original; the rule holds there too, "
        "with forward(original_image, 0)",
    )


@visible("a1_7_2_inpaint", "new_content")
def _inpaint_new(inpaint: Any) -> None:
    stage, _, mask, result = _run_inpaint(inpaint)
    trajectory.visited(stage, TIMESTEPS, 0)
    trajectory.prompts(stage, {PROMPT, UNCOND}, "the UNet must be asked with both prompts")
    message = "where the mask is 1 the result is not what the guided sampler leads to"
    close((result - flat_picture(0.6)) * mask, 0.0, 0.06, message)
    start = stage.unet.seen[0].sample
    require(abs(spread(start) - 1) < 0.05, "the first image is not pure noise (torch.randn_like)")


def _run_pair(
    function: Any, first: Tensor, second: Tensor, scale: int = 1
) -> tuple[FakeStage, Tensor]:
    """Run a sampler with two prompts; return the stage and the result."""
    stage = fake_stage({PROMPT: first, OTHER: second, UNCOND: flat_picture(0.1)})
    x = torch.randn(1, 3, 64, 64)
    before = x.clone()
    pair = (embedding(PROMPT), embedding(OTHER))
    result = function(stage, x, 0, pair, embedding(UNCOND), list(TIMESTEPS), scale=scale)
    unchanged(before, x, "the image")
    trajectory.visited(stage, TIMESTEPS, 0)
    return stage, tensor(result, x.shape)


def _asked(stage: FakeStage) -> None:
    message = "the UNet must be asked with both prompts of the pair and with the empty one"
    trajectory.prompts(stage, {PROMPT, OTHER, UNCOND}, message)


@visible("a1_8_anagram", "shape")
def _anagram_shape(visual_anagrams: Any) -> None:
    _run_pair(visual_anagrams, flat_picture(0.2), flat_picture(0.2))


@visible("a1_8_anagram", "flips")
def _anagram_flips(visual_anagrams: Any) -> None:
    picture = gradient_picture()
    _, result = _run_pair(visual_anagrams, picture, picture)
    upside_down = (picture + picture[:, torch.arange(63, -1, -1)]) / 2
    turned = (picture + picture.rot90(2, (1, 2))) / 2
    sideways = (picture + picture[:, :, torch.arange(63, -1, -1)]) / 2
    found = "the second branch is not flipped and flipped back"
    if float((result - turned).abs().max()) < 0.06:
        found = "the second branch is rotated; mirror top and bottom only"
    if float((result - sideways).abs().max()) < 0.06:
        found = "the second branch is mirrored left to right; mirror top and bottom"
    trajectory.ends_at(result, upside_down, found)


@visible("a1_8_anagram", "prompts")
def _anagram_prompts(visual_anagrams: Any) -> None:
    picture = gradient_picture()
    stage, result = _run_pair(visual_anagrams, picture, flat_picture(0.2))
    _asked(stage)
    message = "the first prompt is not the upright one; are the two swapped?"
    trajectory.ends_at(result, (picture + 0.2) / 2, message)


@visible("a1_8_anagram", "average")
def _anagram_average(visual_anagrams: Any) -> None:
    stage, result = _run_pair(visual_anagrams, flat_picture(0.2), flat_picture(0.4), scale=3)
    # Guided with scale 3 from 0.1: 0.4 and 1.0.
    message = "the result is not the mean of the two guided branches"
    trajectory.ends_at(result, flat_picture(0.7), message)
    trajectory.noise_levels(stage, flat_picture(0.7))


def _checkerboard(height: float) -> Tensor:
    """Return a picture that any blur makes flat, (3, 64, 64)."""
    index = torch.arange(64)
    signs = 1 - 2 * ((index[:, None] + index[None, :]) % 2)
    return (height * signs).expand(3, 64, 64).clone()


@visible("a1_9_hybrid", "shape")
def _hybrid_shape(make_hybrids: Any) -> None:
    _run_pair(make_hybrids, flat_picture(0.2), flat_picture(0.2))


@visible("a1_9_hybrid", "low_pass")
def _hybrid_low(make_hybrids: Any) -> None:
    _, result = _run_pair(make_hybrids, flat_picture(0.5), flat_picture(-0.5))
    swapped = float((result + 0.5).abs().max()) < 0.06
    hint = ": are the two prompts swapped?" if swapped else ""
    message = f"the large shapes do not come from the first prompt alone{hint}"
    trajectory.ends_at(result, flat_picture(0.5), message)


@visible("a1_9_hybrid", "high_pass")
def _hybrid_high(make_hybrids: Any) -> None:
    _, result = _run_pair(make_hybrids, _checkerboard(-0.3), _checkerboard(0.4))
    message = "the fine detail does not come from the second prompt alone (noise minus its blur)"
    trajectory.ends_at(result, _checkerboard(0.4), message)


@visible("a1_9_hybrid", "prompts")
def _hybrid_prompts(make_hybrids: Any) -> None:
    stage, result = _run_pair(make_hybrids, flat_picture(0.2), flat_picture(0.2), scale=3)
    _asked(stage)
    trajectory.ends_at(result, flat_picture(0.4), "both branches must be guided with scale")
    trajectory.noise_levels(stage, flat_picture(0.4))
