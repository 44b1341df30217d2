"""The stages of the DDPM: time-only and class-conditioned networks, trained, drawn from, judged."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, nn

from course.fast import (
    DDPMSetting,
    frechet_distance,
    sample_fast,
    synchronize,
    train_ddpm_fast,
)
from course.fast.judge import classify, features_of
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet

from .base import Context, Data, Made, rounds, schedule_of
from .presets import Preset

SCALES = (0.0, 1.0, 2.0, 5.0, 10.0)


def time_only(preset: Preset, data: Data, context: Context) -> Made:
    """Section B 2.3: the time-conditioned network."""
    unet = TimeConditionalUNet(1, 10, preset.hiddens).to(data.device)
    return _ddpm(preset, data, context, unet, ("time", preset.num_ts, preset.time_epochs))


def class_conditioned(preset: Preset, data: Data, context: Context) -> Made:
    """Section B 2.5: the class-conditioned network, kept for the stages behind."""
    unet = ClassConditionalUNet(1, 10, preset.hiddens).to(data.device)
    made = _ddpm(preset, data, context, unet, ("class", preset.num_ts, preset.class_epochs))
    return made[0], made[1] | {f"unet/{k}": v for k, v in unet.state_dict().items()}


def other_times(preset: Preset, data: Data, context: Context) -> Made:
    """The class-conditioned network for other numbers of timesteps."""
    numbers: dict[str, Any] = {}
    arrays: dict[str, Tensor] = {}
    for num_ts in preset.also_num_ts:
        unet = ClassConditionalUNet(1, 10, preset.hiddens).to(data.device)
        kind = (f"class {num_ts}", num_ts, preset.class_epochs)
        made = _ddpm(preset, data, context, unet, kind)
        numbers[str(num_ts)] = made[0]
        arrays |= {f"T {num_ts} {key}": value for key, value in made[1].items()}
    return numbers, arrays


def restore_class(preset: Preset, data: Data, context: Context, arrays: dict[str, Tensor]) -> None:
    """Puts the class-conditioned network back."""
    unet = ClassConditionalUNet(1, 10, preset.hiddens).to(data.device)
    state = {k.removeprefix("unet/"): v for k, v in arrays.items() if k.startswith("unet/")}
    unet.load_state_dict(state)
    context.made["unet"] = unet


def _ddpm(
    preset: Preset, data: Data, context: Context, unet: nn.Module, kind: tuple[str, int, int]
) -> Made:
    name, num_ts, epochs = kind
    device, labels = data.device, None if name == "time" else data.labels
    arrays: dict[str, Tensor] = {}
    bar = context.bar(name, epochs)

    def on_epoch(epoch: int, losses: list[float]) -> None:
        bar.update(epoch + 1 - bar.n)
        bar.set_postfix(loss=f"{sum(losses) / len(losses):.4f}")
        if epoch + 1 in preset.show_epochs or epoch + 1 == epochs:
            asked = None if labels is None else torch.arange(40, device=device) % 10
            arrays[f"samples after epoch {epoch + 1}"] = draw(preset, unet, num_ts, 40, asked)

    setting = DDPMSetting(
        num_ts=num_ts, batch_size=preset.batch, num_epochs=epochs, bf16=device.type == "cuda"
    )
    synchronize(device)
    start = time.perf_counter()
    losses = train_ddpm_fast(
        unet, schedule_of(num_ts, device), data.images, labels, setting, on_epoch,
        context.checkpoint(name, arrays),
    )  # fmt: skip
    synchronize(device)
    bar.close()
    arrays["losses"] = torch.tensor(losses)
    tail = losses[-max(1, len(losses) // epochs) :]
    numbers: dict[str, Any] = {
        "train_seconds": round(time.perf_counter() - start, 2),
        "last_epoch_loss": sum(tail) / len(tail),
        "epochs": epochs,
        "num_ts": num_ts,
    }
    numbers |= _judged(preset, data, context, unet, num_ts, labels is not None, arrays)
    return numbers, arrays


def draw(
    preset: Preset,
    unet: nn.Module,
    num_ts: int,
    count: int,
    asked: Tensor | None = None,
    scale: float = 5.0,
) -> Tensor:
    """Pictures of a network, (count, 1, 28, 28), `preset.at_once` at a time."""
    device = next(unet.parameters()).device
    schedule, bf16, found, start = schedule_of(num_ts, device), device.type == "cuda", [], 0
    for size in rounds(count, preset.at_once):
        labels = None if asked is None else asked[start : start + size]
        found.append(
            sample_fast(
                unet, schedule, num_ts, size, labels, scale, bf16, stride=preset.sample_stride
            )
        )
        start += size
    return torch.cat(found)


def _judged(
    preset: Preset,
    data: Data,
    context: Context,
    unet: nn.Module,
    num_ts: int,
    classes: bool,
    arrays: dict[str, Tensor],
) -> dict[str, Any]:
    """Recognition and Fréchet distance, by guidance scale where there are classes."""
    device, judge = data.device, context.judge
    real = features_of(judge, data.test_images)
    asked = torch.arange(preset.samples, device=device) % 10
    numbers: dict[str, Any] = {}
    bar = context.bar("samples", len(SCALES) if classes else 1, "scale")
    for scale in SCALES if classes else (None,):
        wanted = None if scale is None else asked
        start = time.perf_counter()
        x = draw(preset, unet, num_ts, preset.samples, wanted, scale or 0.0)
        synchronize(device)
        name = "plain" if scale is None else f"guidance {scale:g}"
        numbers[f"{name} seconds"] = round(time.perf_counter() - start, 2)
        numbers[f"{name} frechet"] = frechet_distance(real, features_of(judge, x.clamp(0, 1)))
        if scale is not None:
            right = classify(judge, x.clamp(0, 1)) == asked
            numbers[f"{name} right"] = float(right.float().mean())
            arrays[name] = x[:40]
        bar.update()
    bar.close()
    return numbers
