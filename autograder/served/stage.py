"""A `stage_1` for Part A whose every answer is known, and the log of what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .base import CallRefusedError, Served, shape_of

EMBEDDING = (77, 8)
# Several times what any exercise needs; the log of a loop without end would fill the memory.
MOST_CALLS = 1000


@dataclass(frozen=True)
class UNetCall:
    """One picture's way through the served UNet.

    Attributes:
        x: What came in, (3, 64, 64).
        t: Timestep, 0 is clean.
        embeds: The caption's embedding, (77, 8).
        noise: First three channels of the answer.
        variance: Last three channels of the answer.
        grad: Whether gradients were being recorded.
        batch: Number of the call that this picture came with.
    """

    x: Tensor
    t: int
    embeds: Tensor
    noise: Tensor
    variance: Tensor
    grad: bool
    batch: int


@dataclass(frozen=True)
class VarianceCall:
    """One call of `add_variance`: its arguments, the noise that was added, and the answer."""

    predicted_variance: Tensor
    t: int
    image: Tensor
    noise: Tensor
    out: Tensor


@dataclass
class FakeStage(Served):
    """A `stage_1` with the real schedule and a UNet whose every answer is known.

    The answer to a picture depends on the picture, its position, the timestep and the caption,
    so a swapped argument shows. Pictures of a batch do not see one another.

    Attributes:
        seed: Of the patterns in the answers and of the noise of `add_variance`.
        size: Height and width of pictures.
    """

    kind = "stage_1"
    seed: int = 0
    size: int = 64
    calls: list[UNetCall] = field(default_factory=list)
    variance_calls: list[VarianceCall] = field(default_factory=list)
    timesteps_set: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(self.seed)
        shape = (3, self.size, self.size)
        self.patterns = torch.randn(4, *shape, generator=generator)
        self.mix = torch.randn(EMBEDDING[1], *shape, generator=generator)
        self.noise = torch.Generator().manual_seed(self.seed + 1)
        self.betas, self.alphas, self.alphas_cumprod = cosine_tables()

    def spec_data(self) -> dict[str, Any]:
        """The scheduler's tables."""
        return {
            "betas": self.betas,
            "alphas": self.alphas,
            "alphas_cumprod": self.alphas_cumprod,
        }

    def answer(self, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Answers the calls that `Stage1Proxy` makes."""
        if method == "unet":
            return self._unet(*args, **kwargs)
        if method == "add_variance":
            return self._add_variance(*args)
        if method == "set_timesteps":
            self.timesteps_set.append([int(t) for t in args[0]])
            return None
        raise CallRefusedError(f"stage_1 has no {method}")

    def predict(self, x: Tensor, t: int, embeds: Tensor) -> tuple[Tensor, Tensor]:
        """Noise and variance channels for one picture, without logging.

        Args:
            x: A picture, (3, H, W).
            t: Its timestep.
            embeds: Its caption's embedding, (77, 8).
        """
        caption = torch.einsum("d,dchw->chw", embeds.float().mean(0), self.mix)
        phase = torch.tensor(t / 50.0)
        noise: Tensor = torch.tanh(0.7 * x.float() + caption + 0.4 * phase.cos() * self.patterns[0])
        noise = noise + 0.5 * self.patterns[1]
        variance = torch.tanh(caption + 0.5 * self.patterns[2] + 0.3 * phase.sin())
        return noise, variance

    def _unet(self, x: Any, t: Any, embeds: Any, grad: bool, extra: list[str]) -> Tensor:
        del extra
        shape = (3, self.size, self.size)
        if not isinstance(x, Tensor) or x.dim() != 4 or tuple(x.shape[1:]) != shape:
            raise CallRefusedError(
                f"stage_1.unet takes pictures of shape (B, {shape}), got {shape_of(x)}"
            )
        if not x.is_floating_point():
            raise CallRefusedError(f"stage_1.unet takes floating-point pictures, got {x.dtype}")
        if not isinstance(embeds, Tensor) or tuple(embeds.shape[1:]) != EMBEDDING:
            raise CallRefusedError(f"prompt_embeds has shape {shape_of(embeds)}")
        if embeds.shape[0] != x.shape[0]:
            raise CallRefusedError(f"{embeds.shape[0]} captions for {x.shape[0]} pictures")
        if not 0 < len(x) <= MOST_CALLS - len(self.calls):
            raise CallRefusedError(f"stage_1.unet answers for 1 to {MOST_CALLS} pictures in all")
        batch = 1 + max((call.batch for call in self.calls), default=-1)
        answers = []
        for picture, step, caption in zip(x, _timesteps(t, len(x)), embeds, strict=True):
            noise, variance = self.predict(picture, step, caption)
            self.calls.append(
                UNetCall(picture.float(), step, caption.float(), noise, variance, grad, batch)
            )
            answers.append(torch.cat([noise, variance]))
        return torch.stack(answers).to(x.dtype)

    def _add_variance(self, predicted_variance: Any, t: Any, image: Any) -> Tensor:
        for name, value in (("predicted_variance", predicted_variance), ("image", image)):
            if not isinstance(value, Tensor) or not value.is_floating_point():
                raise CallRefusedError(f"add_variance: {name} must be a tensor of floats")
        if predicted_variance.shape != image.shape:
            shapes = f"{shape_of(predicted_variance)} and {shape_of(image)}"
            raise CallRefusedError(f"add_variance: predicted_variance and image differ: {shapes}")
        if tuple(image.shape[-3:]) != (3, self.size, self.size):
            raise CallRefusedError(f"add_variance: image has shape {shape_of(image)}")
        if len(self.variance_calls) >= MOST_CALLS:
            raise CallRefusedError(f"add_variance answers {MOST_CALLS} times in all")
        step = _timesteps(t, 1)[0]
        noise = torch.randn(image.shape, generator=self.noise)
        log_variance: Tensor = self.log_variance(predicted_variance.float(), step)
        out = image.float() + (0.5 * log_variance).exp() * noise
        self.variance_calls.append(
            VarianceCall(predicted_variance.float(), step, image.float(), noise, out)
        )
        answer: Tensor = out.to(image.dtype)
        return answer

    def log_variance(
        self, predicted_variance: Tensor, t: int, timesteps: list[int] | None = None
    ) -> Tensor:
        """Log-variance of the step from `t` to the next of `timesteps`, or of those that were set.

        Source: Nichol and Dhariwal 2021, equation 15; diffusers' `learned_range`.
        """
        told = self.timesteps_set[-1] if self.timesteps_set else list(range(999, -1, -1))
        steps = told if timesteps is None else timesteps
        if t not in steps:
            raise CallRefusedError(
                f"add_variance: t = {t} is not one of the timesteps that were set"
            )
        where = steps.index(t)
        before = steps[where + 1] if where + 1 < len(steps) else -1
        bar = self.alphas_cumprod[t]
        bar_next = self.alphas_cumprod[before] if before >= 0 else torch.tensor(1.0)
        beta = 1 - bar / bar_next
        smallest = ((1 - bar_next) / (1 - bar) * beta).clamp(min=1e-20)
        fraction = (predicted_variance + 1) / 2
        log_variance: Tensor = fraction * beta.log() + (1 - fraction) * smallest.log()
        return log_variance


def cosine_tables(num_timesteps: int = 1000) -> tuple[Tensor, Tensor, Tensor]:
    """Betas, alphas and their cumulative product of the schedule `squaredcos_cap_v2`.

    Source: Nichol and Dhariwal 2021, equation 17, with beta capped at 0.999.
    """
    steps = torch.arange(num_timesteps + 1, dtype=torch.float64) / num_timesteps
    bar = torch.cos((steps + 0.008) / 1.008 * torch.pi / 2) ** 2
    betas = (1 - bar[1:] / bar[:-1]).clamp(max=0.999).float()
    alphas = 1 - betas
    return betas, alphas, alphas.cumprod(0)


def _timesteps(t: Any, count: int) -> list[int]:
    values = t.reshape(-1).tolist() if isinstance(t, Tensor) else [t]
    if not values or not all(isinstance(v, int | float) and float(v).is_integer() for v in values):
        raise CallRefusedError(f"a timestep must be a whole number, got {t!r}"[:200])
    steps = [int(v) for v in values] * (count if len(values) == 1 else 1)
    if len(steps) != count or not all(0 <= step < 1000 for step in steps):
        raise CallRefusedError(f"timesteps must be {count} numbers from 0 to 999"[:200])
    return steps
