"""B 2 at full speed: drawing digits with the time- or class-conditioned DDPM."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .predictor import Predictor

Schedule = dict[str, Tensor]


@torch.no_grad()
def sample_fast(
    unet: nn.Module,
    schedule: Schedule,
    num_ts: int,
    count: int,
    labels: Tensor | None = None,
    guidance_scale: float = 5.0,
    bf16: bool = True,
    on_step: Callable[[int, Tensor], None] = lambda _t, _x: None,
    stride: int = 1,
) -> Tensor:
    """Draws digits as `ddpm_sample` and `ddpm_sample_class` do (DDPM, algorithm 2).

    Args:
        unet: A `TimeConditionalUNet`, or a `ClassConditionalUNet` where there are labels.
        schedule: Of `ddpm_schedule`, on the device of the network.
        num_ts: Number of timesteps T.
        count: Number of pictures.
        labels: The digits to draw, (count,), or None.
        guidance_scale: Strength of classifier-free guidance; 1 is none.
        bf16: Computes convolutions in bfloat16.
        on_step: Called with t and the picture after each step.
        stride: Uses every so many of the timesteps only, as in Part A; 1 is the course's sampler.

    Returns:
        Pictures, (count, 1, 28, 28), float32, about [0, 1].
    """
    unet.eval()
    device = schedule["betas"].device
    times = list(range(num_ts, 0, -stride))
    predict = Predictor(unet, num_ts, labels, torch.bfloat16 if bf16 else torch.float32)
    x = torch.randn(count, 1, 28, 28, device=device)
    at = _places(times[:1], device)[0]
    step = _step(predict, coefficients(schedule["alpha_bars"], times), x, at, guidance_scale)
    run = _graphed(step, x, at) if device.type == "cuda" else step
    for now, where in zip(times, _places(times, device), strict=True):
        at.copy_(where)
        run()
        on_step(now, x)
    return x


def _places(times: list[int], device: torch.device) -> Tensor:
    return torch.tensor([[t, i] for i, t in enumerate(times)], device=device)


def coefficients(alpha_bars: Tensor, times: list[int]) -> Tensor:
    """What x_t, the predicted noise and fresh noise are multiplied with in each step, (S, 3).

    From the posterior of DDPM (equations 6 and 7) with x_0 put in from the predicted noise. A
    step from t to t' < t is one of a schedule with alpha = alpha_bar_t / alpha_bar_t'.

    Args:
        alpha_bars: (T,).
        times: Timesteps that are visited, falling; 0 comes after the last.
    """
    every = torch.cat([torch.ones(1), alpha_bars.cpu()]).double()
    bar, before = every[times], every[[*times[1:], 0]]
    alpha = bar / before
    of_x0 = before.sqrt() * (1 - alpha) / (1 - bar)
    of_x = of_x0 / bar.sqrt() + alpha.sqrt() * (1 - before) / (1 - bar)
    of_noise = (1 - alpha).sqrt()
    of_noise[-1] = 0
    found = torch.stack([of_x, -of_x0 * ((1 - bar) / bar).sqrt(), of_noise], 1)
    return found.float().to(alpha_bars.device)


def _step(
    predict: Predictor, table: Tensor, x: Tensor, at: Tensor, guidance_scale: float
) -> Callable[[], None]:
    """One step in place; `at` holds the timestep and the row of the table."""

    def step() -> None:
        t, row = at.split(1)
        of_x, of_epsilon, of_noise = table.index_select(0, row)[0]
        epsilon = predict(x, t)
        if predict.labels is not None:
            uncond, cond = epsilon.chunk(2)
            epsilon = torch.lerp(uncond, cond, guidance_scale)
        noise = torch.randn_like(x)
        x.mul_(of_x).addcmul_(epsilon, of_epsilon).addcmul_(noise, of_noise)

    return step


def _graphed(step: Callable[[], None], x: Tensor, at: Tensor) -> Callable[[], None]:
    from .launch import compiled_together

    first, start = x.clone(), at.clone()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        with compiled_together():
            step()
        step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    x.copy_(first)
    at.copy_(start)
    return graph.replay
