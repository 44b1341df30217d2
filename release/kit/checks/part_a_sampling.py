"""Visible checks of A 1.1 to A 1.4: noising, blurring, one-step denoising, timesteps."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from .expect import close, mean, require, spread, tensor, unchanged
from .fake_stage import PROMPT, embedding, fake_stage, gradient_picture, noisy
from .registry import visible

_LEVELS = {250: 0.84588799, 500: 0.49228517, 750: 0.14317865}
"""alphas_cumprod of the schedule at the timesteps of the report."""


def _table() -> torch.Tensor:
    """Return alphas_cumprod, (1000,)."""
    return torch.as_tensor(fake_stage({}).scheduler.alphas_cumprod)


@visible("a1_1_forward", "shape")
def _forward_shape(forward: Any) -> None:
    im = torch.rand(2, 3, 64, 64)
    before = im.clone()
    tensor(forward(im, 500, _table()), im.shape)
    unchanged(before, im, "the image im")


@visible("a1_1_forward", "image")
def _forward_image(forward: Any) -> None:
    for t, level in _LEVELS.items():
        result = tensor(forward(torch.full((4, 3, 64, 64), 0.8), t, _table()))
        factor, wanted = mean(result) / 0.8, math.sqrt(level)
        hint = "; is the square root missing?" if abs(factor - level) < 0.02 else ""
        require(
            abs(factor - wanted) < 0.02,
            f"at t = {t} the image comes out {factor:.3f} times as strong; expected "
            f"{wanted:.3f}{hint}",
        )


@visible("a1_1_forward", "noise")
def _forward_noise(forward: Any) -> None:
    im, table = torch.zeros(4, 3, 64, 64), _table()
    for t, level in _LEVELS.items():
        result = tensor(forward(im, t, table))
        noise, wanted = spread(result), math.sqrt(1 - level)
        hint = "; is the square root missing?" if abs(noise - (1 - level)) < 0.02 else ""
        require(
            abs(noise - wanted) < 0.02 and abs(mean(result)) < 0.02,
            f"at t = {t} the noise has mean {mean(result):.3f} and standard deviation "
            f"{noise:.3f}; expected 0 and {wanted:.3f}{hint}",
        )
    again = tensor(forward(im, 500, table))
    require(not torch.equal(forward(im, 500, table), again), "two calls give the same noise")
    require(not torch.equal(again[0], again[1]), "all images of a batch get the same noise")
    beyond = float((again.abs() > 2 * spread(again)).float().mean())
    require(0.03 < beyond < 0.06, "the noise is not Gaussian; draw it with torch.randn_like")


@visible("a1_2_classical", "shape")
def _classical_shape(classical_denoise: Any) -> None:
    im = torch.rand(2, 3, 64, 64)
    before = im.clone()
    tensor(classical_denoise(im), im.shape)
    unchanged(before, im, "the image im_noisy")


@visible("a1_2_classical", "blur")
def _classical_blur(classical_denoise: Any) -> None:
    flat = torch.full((1, 3, 64, 64), 0.3)
    close(classical_denoise(flat), flat, 1e-4, "a picture of one value does not stay as it is")
    dot = torch.zeros(1, 3, 64, 64)
    dot[0, 0, 32, 32] = 1
    blurred = tensor(classical_denoise(dot), dot.shape)
    require(float(blurred[0, 1:].abs().max()) < 1e-6, "the colours are mixed with each other")
    require(
        float(blurred[0, 0, 32, 34]) > 0 and float(blurred[0, 0, 32, 35]) == 0,
        "a dot spreads over another width than kernel_size = 5",
    )
    falloff = float(blurred[0, 0, 32, 33] / blurred[0, 0, 32, 32])
    require(
        abs(falloff - math.exp(-1 / 8)) < 1e-3,
        f"next to a dot the blur falls to {falloff:.3f} of its height; a Gaussian with sigma = 2 "
        "falls to 0.882",
    )
    wide = tensor(classical_denoise(dot, kernel_size=9, sigma=1.0))
    require(float(wide[0, 0, 32, 36]) > 0, "kernel_size is not used")
    narrow = float(wide[0, 0, 32, 33] / wide[0, 0, 32, 32])
    require(abs(narrow - math.exp(-1 / 2)) < 1e-3, "sigma is not used")


@visible("a1_3_one_step", "shape")
def _one_step_shape(one_step_denoise: Any) -> None:
    stage = fake_stage({PROMPT: gradient_picture()})
    x = noisy(stage, gradient_picture(), 500)
    before = x.clone()
    tensor(one_step_denoise(stage, x, 500, embedding(PROMPT)), x.shape)
    unchanged(before, x, "the image im_noisy")


@visible("a1_3_one_step", "estimate")
def _one_step_estimate(one_step_denoise: Any) -> None:
    picture = gradient_picture()
    for t in (250, 500, 750):
        stage = fake_stage({PROMPT: picture})
        x = noisy(stage, picture, t)
        estimate = tensor(one_step_denoise(stage, x, t, embedding(PROMPT)), x.shape)
        error = float((estimate - picture).abs().max())
        require(
            error < 1e-2,
            f"with a UNet that knows the noise exactly, the estimate at t = {t} is off by "
            f"{error:.2f}; solve the equation of the forward process for the clean image",
        )


@visible("a1_3_one_step", "unet_input")
def _one_step_input(one_step_denoise: Any) -> None:
    stage = fake_stage({PROMPT: gradient_picture()})
    x = noisy(stage, gradient_picture(), 620)
    one_step_denoise(stage, x, 620, embedding(PROMPT))
    seen = stage.unet.seen
    require(len(seen) == 1, f"the UNet was called {len(seen)} times; expected once")
    require(seen[0].t == 620, f"the UNet was given t = {seen[0].t}; expected 620")
    require(seen[0].code == PROMPT, "the UNet was given other embeddings than prompt_embeds")
    close(seen[0].sample, x[0], 1e-2, "the UNet was given another image than im_noisy")


@visible("a1_3_one_step", "no_gradient")
def _one_step_gradient(one_step_denoise: Any) -> None:
    stage = fake_stage({PROMPT: gradient_picture()})
    result = one_step_denoise(stage, noisy(stage, gradient_picture(), 500), 500, embedding(PROMPT))
    require(
        not tensor(result).requires_grad,
        "the result carries a gradient, which costs memory: call the UNet in torch.no_grad()",
    )


@visible("a1_4_timesteps", "values")
def _timesteps_values(strided_timesteps: Any) -> None:
    _expect_timesteps(strided_timesteps(), 990, 30, 34)


@visible("a1_4_timesteps", "arguments")
def _timesteps_arguments(strided_timesteps: Any) -> None:
    _expect_timesteps(strided_timesteps(600, 100), 600, 100, 7)


def _expect_timesteps(result: Any, start: int, stride: int, count: int) -> None:
    require(result is not None, "the result is None: is the return missing?")
    require(hasattr(result, "__len__"), f"the result is a {type(result).__name__}, not a list")
    values = torch.as_tensor(list(result))
    require(len(values) > 0, "the list is empty")
    require(not values.is_floating_point(), "the timesteps are no whole numbers (int)")
    times = values.tolist()
    require(times[0] == start, f"the first timestep is {times[0]}; expected {start}")
    require(times[-1] == 0, f"the last timestep is {times[-1]}; expected 0")
    gaps = {earlier - later for earlier, later in itertools.pairwise(times)}
    require(gaps == {stride}, f"neighbours are {sorted(gaps)} apart; expected {stride}")
    require(len(times) == count, f"there are {len(times)} timesteps; expected {count}")
