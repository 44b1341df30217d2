"""Visible checks of A 1.4 to A 1.6: the sampler, from noise, with guidance."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from . import trajectory
from .expect import close, mean, require, spread, tensor, unchanged
from .fake_stage import (
    PROMPT,
    TIMESTEPS,
    UNCOND,
    VARIANCE,
    FakeStage,
    embedding,
    fake_stage,
    gradient_picture,
    noisy,
)
from .registry import visible

_I_START = 10  # t = 690, as in the report


def _run_iterative(iterative_denoise: Any) -> tuple[FakeStage, Tensor, Tensor, Tensor]:
    """Run the sampler from t = 690; return the stage, the input before and after, the result."""
    stage = fake_stage({PROMPT: gradient_picture()})
    x = noisy(stage, gradient_picture(), TIMESTEPS[_I_START])
    before = x.clone()
    result = iterative_denoise(stage, x, _I_START, embedding(PROMPT), list(TIMESTEPS))
    return stage, before, x, result


@visible("a1_4_iterative", "shape")
def _iterative_shape(iterative_denoise: Any) -> None:
    _, before, _, result = _run_iterative(iterative_denoise)
    require(
        not tensor(result, before.shape).requires_grad,
        "the result carries a gradient, which costs memory: put the loop in torch.no_grad()",
    )


@visible("a1_4_iterative", "timesteps")
def _iterative_timesteps(iterative_denoise: Any) -> None:
    stage, _, _, _ = _run_iterative(iterative_denoise)
    trajectory.visited(stage, TIMESTEPS, _I_START)
    codes = {seen.code for seen in stage.unet.seen}
    require(codes == {PROMPT}, "the UNet was given other embeddings than prompt_embeds")


@visible("a1_4_iterative", "mean")
def _iterative_mean(iterative_denoise: Any) -> None:
    stage, _, _, result = _run_iterative(iterative_denoise)
    trajectory.ends_at(
        result,
        gradient_picture(),
        "with a UNet that knows the noise exactly, the sampler does not end at the clean picture; "
        "compare the two weights of the step with the equation",
    )
    trajectory.noise_levels(stage, gradient_picture())


@visible("a1_4_iterative", "variance")
def _iterative_variance(iterative_denoise: Any) -> None:
    stage, _, _, _ = _run_iterative(iterative_denoise)
    trajectory.variances(stage, TIMESTEPS, _I_START)
    trajectory.from_prompt(stage, VARIANCE[PROMPT])


@visible("a1_4_iterative", "input_unchanged")
def _iterative_input(iterative_denoise: Any) -> None:
    _, before, after, _ = _run_iterative(iterative_denoise)
    unchanged(before, after, "the image im_noisy")


@visible("a1_5_sample", "shape")
def _sample_shape(sample: Any) -> None:
    stage = fake_stage({PROMPT: gradient_picture()})
    tensor(sample(stage, 2, embedding(PROMPT), list(TIMESTEPS)), (2, 3, 64, 64))


@visible("a1_5_sample", "starts_from_noise")
def _sample_noise(sample: Any) -> None:
    first = []
    for _ in range(2):
        stage = fake_stage({PROMPT: gradient_picture()})
        sample(stage, 1, embedding(PROMPT), list(TIMESTEPS))
        require(stage.unet.seen, "the UNet was never called")
        first.append(stage.unet.seen[0].sample)
    require(not torch.equal(*first), "two calls start from the same noise")
    require(
        abs(mean(first[0])) < 0.05 and abs(spread(first[0]) - 1) < 0.05,
        f"the first image has mean {mean(first[0]):.2f} and standard deviation "
        f"{spread(first[0]):.2f}; pure noise (torch.randn) has 0 and 1",
    )


@visible("a1_5_sample", "all_steps")
def _sample_steps(sample: Any) -> None:
    stage = fake_stage({PROMPT: gradient_picture()})
    sample(stage, 1, embedding(PROMPT), list(TIMESTEPS))
    trajectory.visited(stage, TIMESTEPS, 0)


@visible("a1_6_cfg", "combination")
def _cfg_combination(cfg_noise: Any, _loop: Any) -> None:
    uncond, cond = torch.full((1, 3, 64, 64), 1.0), torch.full((1, 3, 64, 64), 2.0)
    result = tensor(cfg_noise(uncond, cond, 1), cond.shape)
    hint = ": is it (1 + scale) times the conditional one?" if abs(mean(result) - 3) < 0.1 else ""
    close(result, cond, 1e-4, f"scale 1 does not give the conditional noise{hint}")
    message = "scale 0 does not give the unconditional noise: are the two swapped?"
    close(cfg_noise(uncond, cond, 0), uncond, 1e-4, message)
    message = "with noises 1 and 2 and scale 7 the result is not 8"
    close(cfg_noise(uncond, cond, 7), 8.0, 1e-3, message)


def _run_cfg(loop: Any) -> tuple[FakeStage, Tensor, Tensor]:
    """Run the guided sampler; return the stage, the picture it should end at, the result."""
    cond, uncond = gradient_picture(), gradient_picture().roll(1, 0) * 0.5
    stage = fake_stage({PROMPT: cond, UNCOND: uncond})
    guided = 4 * cond - 3 * uncond
    x = noisy(stage, guided, TIMESTEPS[_I_START])
    before = x.clone()
    prompts = (embedding(PROMPT), embedding(UNCOND))
    result = loop(stage, x, _I_START, *prompts, list(TIMESTEPS), scale=4)
    unchanged(before, x, "the image im_noisy")
    return stage, guided, tensor(result, x.shape)


@visible("a1_6_cfg", "both_prompts")
def _cfg_prompts(_cfg_noise: Any, loop: Any) -> None:
    stage, _, _ = _run_cfg(loop)
    trajectory.visited(stage, TIMESTEPS, _I_START)
    message = "the UNet must be asked with prompt_embeds and with uncond_prompt_embeds"
    trajectory.prompts(stage, {PROMPT, UNCOND}, message)


@visible("a1_6_cfg", "mean")
def _cfg_mean(_cfg_noise: Any, loop: Any) -> None:
    stage, guided, result = _run_cfg(loop)
    trajectory.ends_at(
        result,
        guided,
        "the sampler does not end at the picture that guidance with scale = 4 leads to; check "
        "which noise is which, the scale, and the weights of the step",
    )
    trajectory.noise_levels(stage, guided)


@visible("a1_6_cfg", "variance")
def _cfg_variance(_cfg_noise: Any, loop: Any) -> None:
    stage, _, _ = _run_cfg(loop)
    trajectory.variances(stage, TIMESTEPS, _I_START)
    trajectory.from_prompt(stage, VARIANCE[PROMPT])
