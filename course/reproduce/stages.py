"""The stages of a reproduction, in order, each from the preset and the digits to data."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course.fast import (
    DDPMSetting,
    DenoiserSetting,
    Judge,
    frechet_distance,
    sample_fast,
    synchronize,
    train_ddpm_fast,
    train_denoiser_fast,
    train_judge,
)
from course.fast.denoiser import denoiser_mse
from course.fast.judge import classify, features_of
from solutions.ddpm import ddpm_schedule
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

from .presets import Preset

SIGMAS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)
SCALES = (0.0, 1.0, 2.0, 5.0, 10.0)
Made = tuple[dict[str, Any], dict[str, Tensor]]
Context = dict[str, Any]


@dataclass(frozen=True)
class Data:
    """Digits on the device: images (N, 1, 28, 28) in [0, 1] and labels (N,)."""

    name: str
    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor


@dataclass(frozen=True)
class Stage:
    """One stage: what it makes, how later stages get it back, and when it is wanted."""

    run: Callable[[Preset, Data, Context], Made]
    restore: Callable[[Preset, Data, Context, dict[str, Tensor]], None]
    wanted: Callable[[Preset], bool] = lambda _preset: True


def _nothing(*_: Any) -> None:
    return None


def _judge(preset: Preset, data: Data, _: Context) -> Made:
    judge = train_judge(data.images, data.labels, preset.judge_epochs)
    right = classify(judge, data.test_images) == data.test_labels
    return {"test_accuracy": float(right.float().mean())}, dict(judge.state_dict())


def _restore_judge(_: Preset, data: Data, context: Context, arrays: dict[str, Tensor]) -> None:
    judge = Judge().to(data.images.device)
    judge.load_state_dict(arrays)
    context["judge"] = judge.eval()


def _denoiser(preset: Preset, data: Data, _: Context) -> Made:
    device = data.images.device
    unet = UnconditionalUNet(1, preset.denoiser_hiddens).to(device)
    shown = data.test_images[:10]
    noise = torch.randn_like(shown)
    arrays: dict[str, Tensor] = {"shown": shown, "noise": noise}
    test: list[float] = []

    def on_epoch(epoch: int, _: list[float]) -> None:
        test.append(denoiser_mse(unet, data.test_images, 0.5))
        with torch.no_grad():
            for sigma in SIGMAS:
                arrays[f"epoch {epoch + 1} sigma {sigma}"] = unet(shown + sigma * noise)

    setting = DenoiserSetting(num_epochs=preset.denoiser_epochs, bf16=device.type == "cuda")
    losses = train_denoiser_fast(unet, data.images, setting, on_epoch)
    arrays["losses"] = torch.tensor(losses)
    return {"test_mse": test, "epochs": preset.denoiser_epochs}, arrays


def _time_only(preset: Preset, data: Data, context: Context) -> Made:
    unet = TimeConditionalUNet(1, 10, preset.hiddens).to(data.images.device)
    return _ddpm(preset, data, context, unet, preset.num_ts, preset.time_epochs, None)


def _class(preset: Preset, data: Data, context: Context) -> Made:
    unet = ClassConditionalUNet(1, 10, preset.hiddens).to(data.images.device)
    made = _ddpm(preset, data, context, unet, preset.num_ts, preset.class_epochs, data.labels)
    return made[0], made[1] | {f"unet/{k}": v for k, v in unet.state_dict().items()}


def _also(preset: Preset, data: Data, context: Context) -> Made:
    numbers: dict[str, Any] = {}
    arrays: dict[str, Tensor] = {}
    for num_ts in preset.also_num_ts:
        unet = ClassConditionalUNet(1, 10, preset.hiddens).to(data.images.device)
        made = _ddpm(preset, data, context, unet, num_ts, preset.class_epochs, data.labels)
        numbers[str(num_ts)] = made[0]
        arrays |= {f"T {num_ts} {key}": value for key, value in made[1].items()}
    return numbers, arrays


def _ddpm(
    preset: Preset,
    data: Data,
    context: Context,
    unet: nn.Module,
    num_ts: int,
    epochs: int,
    labels: Tensor | None,
) -> Made:
    device = data.images.device
    schedule = _schedule(num_ts, device)
    digits = torch.arange(40, device=device) % 10
    arrays: dict[str, Tensor] = {}
    bf16 = device.type == "cuda"

    def on_epoch(epoch: int, _: list[float]) -> None:
        if epoch + 1 in preset.show_epochs or epoch + 1 == epochs:
            asked = None if labels is None else digits
            x = sample_fast(unet, schedule, num_ts, 40, asked, bf16=bf16)
            arrays[f"samples after epoch {epoch + 1}"] = x

    setting = DDPMSetting(num_ts=num_ts, num_epochs=epochs, bf16=bf16)
    synchronize(device)
    start = time.perf_counter()
    losses = train_ddpm_fast(unet, schedule, data.images, labels, setting, on_epoch)
    synchronize(device)
    arrays["losses"] = torch.tensor(losses)
    tail = losses[-max(1, len(losses) // epochs) :]
    numbers: dict[str, Any] = {
        "train_seconds": round(time.perf_counter() - start, 2),
        "last_epoch_loss": sum(tail) / len(tail),
        "epochs": epochs,
        "num_ts": num_ts,
    }
    numbers |= _judged(preset, data, context, unet, num_ts, labels, arrays)
    return numbers, arrays


def _judged(
    preset: Preset,
    data: Data,
    context: Context,
    unet: nn.Module,
    num_ts: int,
    labels: Tensor | None,
    arrays: dict[str, Tensor],
) -> dict[str, Any]:
    """Recognition and Fréchet distance, by guidance scale where there are classes."""
    device, judge = data.images.device, context["judge"]
    schedule, bf16 = _schedule(num_ts, device), device.type == "cuda"
    real = features_of(judge, data.test_images)
    asked = torch.arange(preset.samples, device=device) % 10
    numbers: dict[str, Any] = {}
    for scale in SCALES if labels is not None else (None,):
        wanted = None if scale is None else asked
        start = time.perf_counter()
        x = sample_fast(unet, schedule, num_ts, preset.samples, wanted, scale or 0.0, bf16)
        synchronize(device)
        name = "plain" if scale is None else f"guidance {scale:g}"
        numbers[f"{name} seconds"] = round(time.perf_counter() - start, 2)
        numbers[f"{name} frechet"] = frechet_distance(real, features_of(judge, x.clamp(0, 1)))
        if scale is not None:
            right = classify(judge, x.clamp(0, 1)) == asked
            numbers[f"{name} right"] = float(right.float().mean())
            arrays[name] = x[:40]
    return numbers


def _restore_class(preset: Preset, data: Data, context: Context, arrays: dict[str, Tensor]) -> None:
    unet = ClassConditionalUNet(1, 10, preset.hiddens).to(data.images.device)
    state = {k.removeprefix("unet/"): v for k, v in arrays.items() if k.startswith("unet/")}
    unet.load_state_dict(state)
    context["unet"] = unet


def _animation(preset: Preset, data: Data, context: Context) -> Made:
    device = data.images.device
    frames: list[Tensor] = []

    def on_step(t: int, x: Tensor) -> None:
        if t % max(1, preset.num_ts // 20) == 0 or t == 1:
            frames.append(x[:10].clone())

    digits = torch.arange(10, device=device)
    schedule = _schedule(preset.num_ts, device)
    bf16 = device.type == "cuda"
    sample_fast(context["unet"], schedule, preset.num_ts, 10, digits, 5.0, bf16, on_step)
    return {"frames": len(frames)}, {"frames": torch.stack(frames)}


def _embedded(preset: Preset, data: Data, context: Context) -> Made:
    """Draws the embedded digits; those that the judge reads otherwise are drawn again."""
    device, judge = data.images.device, context["judge"]
    schedule = _schedule(preset.num_ts, device)
    kept: list[Tensor] = []
    labels: list[Tensor] = []
    drawn = agreed = 0
    while sum(map(len, labels)) < preset.embedded and drawn < 4 * preset.embedded:
        asked = torch.arange(min(2000, preset.embedded), device=device) % 10
        unet, scale = context["unet"], EMBEDDED_SCALE
        bf16 = device.type == "cuda"
        x = sample_fast(unet, schedule, preset.num_ts, len(asked), asked, scale, bf16).clamp(0, 1)
        right = classify(judge, x) == asked
        drawn, agreed = drawn + len(asked), agreed + int(right.sum())
        chosen = right if preset.trust_judge else torch.ones_like(right)
        kept.append((x[chosen, 0] * 15).round().to(torch.uint8))
        labels.append(asked[chosen].to(torch.uint8))
    images, classes = torch.cat(kept)[: preset.embedded], torch.cat(labels)[: preset.embedded]
    order = torch.randperm(len(images), device=device)
    images, classes = images[order], classes[order]
    pupil = train_judge(images[:, None].float() / 15, classes.long(), 2 * preset.judge_epochs)
    right = classify(pupil, data.test_images) == data.test_labels
    numbers = {
        "drawn": drawn,
        "agreed": agreed,
        "guidance_scale": EMBEDDED_SCALE,
        "accuracy_on_test": float(right.float().mean()),
    }
    # Two pixels of 16 grey levels share a byte.
    packed = images[:, :, 0::2] * 16 + images[:, :, 1::2]
    return numbers, {"packed": packed, "labels": classes}


# Some guidance makes every digit readable; more of it makes them all alike.
EMBEDDED_SCALE = 1.5


def _schedule(num_ts: int, device: torch.device) -> dict[str, Tensor]:
    return {k: v.to(device) for k, v in ddpm_schedule(1e-4, 0.02, num_ts).items()}


STAGES = {
    "judge": Stage(_judge, _restore_judge),
    "denoiser": Stage(_denoiser, _nothing),
    "time": Stage(_time_only, _nothing),
    "class": Stage(_class, _restore_class),
    "also": Stage(_also, _nothing, lambda preset: bool(preset.also_num_ts)),
    "animation": Stage(_animation, _nothing),
    "embedded": Stage(_embedded, _nothing, lambda preset: preset.embedded > 0),
}
