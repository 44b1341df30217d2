"""The stages of a reproduction, in order, each from the preset and the digits to data."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course.fast import DenoiserSetting, Judge, sample_fast, train_denoiser_fast, train_judge
from course.fast.denoiser import denoiser_mse
from course.fast.judge import classify
from solutions.unet import UnconditionalUNet

from .base import Context, Data, Made, Stage, schedule_of
from .ddpm import class_conditioned, draw, other_times, restore_class, time_only
from .presets import Preset

SIGMAS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)


def _nothing(*_: Any) -> None:
    return None


def _judge(preset: Preset, data: Data, context: Context) -> Made:
    with context.bar("judge", preset.judge_epochs) as bar:

        def on_epoch(_: int) -> None:
            bar.update()

        judge = train_judge(data.images, data.labels, preset.judge_epochs, on_epoch=on_epoch)
    right = classify(judge, data.test_images) == data.test_labels
    return {"test_accuracy": float(right.float().mean())}, dict(judge.state_dict())


def _restore_judge(_: Preset, data: Data, context: Context, arrays: dict[str, Tensor]) -> None:
    judge = Judge().to(data.device)
    judge.load_state_dict(arrays)
    context.made["judge"] = judge.eval()


def _denoiser(preset: Preset, data: Data, context: Context) -> Made:
    device = data.device
    unet = UnconditionalUNet(1, preset.denoiser_hiddens).to(device)
    shown = data.test_images[:10]
    noise = torch.randn_like(shown)
    arrays: dict[str, Tensor] = {"shown": shown, "noise": noise}
    bar = context.bar("denoiser", preset.denoiser_epochs)

    def on_epoch(epoch: int, losses: list[float]) -> None:
        bar.update(epoch + 1 - bar.n)
        bar.set_postfix(loss=f"{sum(losses) / len(losses):.4f}")
        arrays[f"test {epoch}"] = torch.tensor(denoiser_mse(unet, data.test_images, 0.5))
        with torch.no_grad():
            for sigma in SIGMAS:
                arrays[f"epoch {epoch + 1} sigma {sigma}"] = unet(shown + sigma * noise)

    setting = DenoiserSetting(
        batch_size=2 * preset.batch, num_epochs=preset.denoiser_epochs, bf16=device.type == "cuda"
    )
    checkpoint = context.checkpoint("denoiser", arrays)
    losses = train_denoiser_fast(unet, data.images, setting, on_epoch, checkpoint)
    bar.close()
    test = [float(arrays.pop(f"test {epoch}")) for epoch in range(preset.denoiser_epochs)]
    arrays["losses"] = torch.tensor(losses)
    return {"test_mse": test, "epochs": preset.denoiser_epochs}, arrays


def _animation(preset: Preset, data: Data, context: Context) -> Made:
    device = data.device
    frames: list[Tensor] = []

    def on_step(t: int, x: Tensor) -> None:
        if t % max(1, preset.num_ts // 20) == 0 or t == 1:
            frames.append(x[:10].clone())

    digits = torch.arange(10, device=device)
    schedule, bf16 = schedule_of(preset.num_ts, device), device.type == "cuda"
    sample_fast(context.made["unet"], schedule, preset.num_ts, 10, digits, 5.0, bf16, on_step)
    return {"frames": len(frames)}, {"frames": torch.stack(frames)}


def _embedded(preset: Preset, data: Data, context: Context) -> Made:
    """Draws the embedded digits; those that the judge reads otherwise are drawn again."""
    device, judge = data.device, context.judge
    kept: list[Tensor] = []
    labels: list[Tensor] = []
    drawn = agreed = 0
    while sum(map(len, labels)) < preset.embedded and drawn < 4 * preset.embedded:
        asked = torch.arange(min(2000, preset.embedded), device=device) % 10
        unet, scale = context.made["unet"], EMBEDDED_SCALE
        x = draw(preset, unet, preset.num_ts, len(asked), asked, scale).clamp(0, 1)
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


STAGES = {
    "judge": Stage(_judge, _restore_judge),
    "denoiser": Stage(_denoiser, _nothing),
    "time": Stage(time_only, _nothing),
    "class": Stage(class_conditioned, restore_class),
    "also": Stage(other_times, _nothing, lambda preset: bool(preset.also_num_ts)),
    "animation": Stage(_animation, _nothing),
    "embedded": Stage(_embedded, _nothing, lambda preset: preset.embedded > 0),
}
