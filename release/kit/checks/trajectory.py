"""What a run of the sampler must look like from the UNet's side."""

from __future__ import annotations

from torch import Tensor

from .expect import Wrong, close, require, spread, tensor
from .fake_stage import FakeStage

_SPREAD_TOLERANCE = 0.06  # 64x64x3 values give the spread to 1 %, the rest is for rounding


def visited(stage: FakeStage, timesteps: list[int], i_start: int) -> None:
    """Expect one visit of the UNet at each timestep from i_start on, but the last."""
    wanted = timesteps[i_start:-1]
    seen = [step[0].t for step in stage.steps]
    if not seen:
        raise Wrong("the UNet was never called")
    require(
        seen[-1] != timesteps[-1],
        f"the UNet was called at t = {timesteps[-1]} too; the last step goes from "
        f"{timesteps[-2]} to {timesteps[-1]}, so the loop has one turn less than timesteps",
    )
    require(
        seen[0] == wanted[0],
        f"the UNet is first called at t = {seen[0]}; expected timesteps[i_start] = {wanted[0]}",
    )
    require(
        seen == wanted,
        f"the UNet was called at {len(seen)} timesteps, {seen[:3]} ... {seen[-2:]}; expected "
        f"{len(wanted)}, {wanted[:3]} ... {wanted[-2:]}",
    )


def noise_levels(stage: FakeStage, picture: Tensor, start: int = 1) -> None:
    """Expect the right amount of noise in what the UNet sees, from its call number `start` on."""
    for step in stage.steps[start:]:
        seen = step[0]
        signal = float(stage.scheduler.alphas_cumprod[seen.t])
        noise = spread(seen.sample - signal**0.5 * picture)
        wanted = (1 - signal) ** 0.5
        require(
            abs(noise - wanted) <= _SPREAD_TOLERANCE * wanted,
            f"when the image reaches t = {seen.t}, its noise has a standard deviation of "
            f"{noise:.3f}; expected {wanted:.3f}. Look at the weights of the step (its alpha is a "
            "ratio of two alphas_cumprod) and at its noise",
        )


def ends_at(image: Tensor, picture: Tensor, message: str) -> None:
    """Expect the sampler to end at the picture that the UNet steers to."""
    tensor(image)
    # At t = 0 a noise of 0.0064 is left, so some pixel is off by 0.03.
    close(image, picture, 0.06, message)


def variances(stage: FakeStage, timesteps: list[int], i_start: int) -> None:
    """Expect `add_variance` at every step, with its own timestep."""
    seen = [t for t, _ in stage.variances]
    wanted = timesteps[i_start:-1]
    known = stage.scheduler.timesteps.tolist()
    require(
        known[-len(wanted) - 1 :] == timesteps[i_start:],
        "the scheduler does not know the timesteps: call "
        "stage_1.scheduler.set_timesteps(timesteps=timesteps) before the loop",
    )
    require(seen, "add_variance was never called; every step adds noise with it")
    require(
        seen != timesteps[i_start + 1 :],
        "add_variance was given the next timestep; give it t, the one that the step starts from",
    )
    require(
        seen == wanted,
        f"add_variance was called {len(seen)} times, first with t = {seen[0]}; expected once a "
        f"step, {len(wanted)} times, with t = {wanted[0]} first",
    )


def from_prompt(stage: FakeStage, wanted: float) -> None:
    """Expect the variance channels of the call with the prompt, not of the empty one."""
    require(
        all(abs(value - wanted) < 1e-3 for _, value in stage.variances),
        "the variance is not that of the UNet's call with the prompt (the first prompt of two)",
    )


def prompts(stage: FakeStage, codes: set[int], message: str) -> None:
    """Expect the UNet to be asked with each of the prompts at every step."""
    for step in stage.steps:
        require({seen.code for seen in step} == codes, f"{message} (at t = {step[0].t})")
