"""Part B's speed against the plain loop and the card: `python -m benchmarks.part_b_speed`.

One run on one GPU: an epoch of the readable loop as students write it (PIL, DataLoader, float32)
and its sampler, then the accelerated ones. "All in" is from the call to the end, with an empty
cache of compiled kernels, the capture of the graph, and the samples drawn after epochs 1, 5 and
20. Before each part it is waited until the card is idle.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from kit import load_digits
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision.transforms.functional import to_tensor

from benchmarks.machine import describe, markdown_table, record
from benchmarks.part_b_limits import count, rates, sampling_floor, training_floor
from course.fast import DDPMSetting, sample_fast, train_ddpm_fast
from solutions.ddpm import ddpm_sample_class, ddpm_schedule
from solutions.training import train_ddpm
from solutions.unet import ClassConditionalUNet

T, SHOW = 400, (0, 4, 19)


class Pictures(Dataset[tuple[Tensor, int]]):
    """Digits as torchvision's MNIST gives them: each a PIL picture that becomes a tensor."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.images[index].numpy(), mode="L")
        return to_tensor(picture), int(self.labels[index])


def clocked(run: Callable[[], Any], quiet: float) -> float:
    """Seconds of a call, all of the GPU's work included, once nobody else uses the card."""
    wait_for_quiet(quiet)
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def wait_for_quiet(seconds: float) -> bool:
    """Waits until the card has been idle for a second; False where it never was."""
    end, idle = time.monotonic() + seconds, 0
    command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    while time.monotonic() < end:
        found = subprocess.run([*command, f"--id={chosen}"], capture_output=True, text=True)
        idle = idle + 1 if found.stdout.strip() in ("0", "1") else 0
        if idle >= 4:
            return True
        time.sleep(0.25)
    return False


def plain(images: Tensor, labels: Tensor, quiet: float) -> dict[str, float]:
    """The readable loops: one epoch, and 1,000 guided samples."""
    schedule = ddpm_schedule(1e-4, 0.02, T)
    unet = ClassConditionalUNet(1, 10, 64).cuda()
    digits = Pictures(images, labels)
    warm = DataLoader(Subset(digits, range(2560)), batch_size=128)
    loader = DataLoader(digits, batch_size=128, shuffle=True)
    train_ddpm(unet, schedule, warm, T, 1, 1e-3, 0.1)
    asked = torch.arange(1000) % 10
    ddpm_sample_class(unet, schedule, asked, (28, 28), 2)
    return {
        "epoch": clocked(lambda: train_ddpm(unet, schedule, loader, T, 1, 1e-3, 0.1), quiet),
        "samples": clocked(lambda: ddpm_sample_class(unet, schedule, asked, (28, 28), T), quiet),
    }


def fast(images: Tensor, labels: Tensor, quiet: float) -> tuple[dict[str, float], nn.Module]:
    """The accelerated loops: 20 epochs, samples drawn in between; then again, compiled."""
    x, c = (images[:, None].float() / 255).cuda(), labels.cuda()
    schedule = {k: v.cuda() for k, v in ddpm_schedule(1e-4, 0.02, T).items()}
    forty, thousand = (torch.arange(n, device="cuda") % 10 for n in (40, 1000))
    found: dict[str, float] = {}
    for name in ("20 epochs", "20 epochs, compiled before"):
        torch.manual_seed(180)
        unet = ClassConditionalUNet(1, 10, 64).cuda()
        losses: list[float] = []

        def on_epoch(
            epoch: int, new: list[float], unet: nn.Module = unet, kept: list[float] = losses
        ) -> None:
            kept[:] = new
            if epoch in SHOW:
                sample_fast(unet, schedule, T, len(forty), forty)

        run = DDPMSetting()
        found[name] = clocked(lambda: train_ddpm_fast(unet, schedule, x, c, run, on_epoch), quiet)  # noqa: B023
        found[f"{name}, loss"] = sum(losses) / len(losses)
    for name in ("samples", "samples, again"):
        found[name] = clocked(lambda: sample_fast(unet, schedule, T, 1000, thousand), quiet)
    return found, unet


def report(data: dict[str, Any]) -> str:
    """The result in Markdown."""
    slow, quick = data["plain"], data["fast"]
    train, draw = data["training floor"], data["sampling floor"]
    epochs, samples = quick["20 epochs"], quick["samples"]
    rows = [
        ("20 epochs, all in", f"{20 * slow['epoch']:.0f} s (20 times one of {slow['epoch']:.2f})",
         f"{epochs:.2f} s", f"{20 * slow['epoch'] / epochs:.1f}", "15 s, 17 times"),
        ("the same, kernels compiled before", "",
         f"{quick['20 epochs, compiled before']:.2f} s",
         f"{20 * slow['epoch'] / quick['20 epochs, compiled before']:.1f}", ""),
        ("1,000 guided samples, T = 400", f"{slow['samples']:.2f} s", f"{samples:.2f} s",
         f"{slow['samples'] / samples:.1f}", "1.5 s"),
        ("the same, again", "", f"{quick['samples, again']:.2f} s",
         f"{slow['samples'] / quick['samples, again']:.1f}", ""),
    ]  # fmt: skip
    head = ("class-conditioned, D = 64, batch 128", "plain loop", "accelerated", "times", "goal")
    floors = [
        (name, f"{f['operations'] / 1e12:.0f}", f"{f['seconds of operations']:.2f}",
         f"{f['bytes'] / 1e9:.0f}", f"{f['seconds of bytes']:.2f}", f"{took:.2f}")
        for name, f, took in (("20 epochs", train, quick["20 epochs, compiled before"]),
                              ("1,000 guided samples", draw, quick["samples, again"]))
    ]  # fmt: skip
    limits = ("", "TFLOP", "s at the card's rate", "GB", "s at the card's rate", "measured, s")
    return (
        f"# Part B's speed\n\n{__doc__ or ''}\n{data['card']}; {describe()}. The card was idle "
        f"before and behind: {'yes' if data['quiet'] else 'not shown'}. Loss of the last epoch "
        f"{quick['20 epochs, loss']:.4f}.\n\n{markdown_table(head, rows)}\n\n"
        f"The card, measured in the same run: {data['rates']['operations'] / 1e12:.0f} TFLOP/s "
        f"(bfloat16, 8192 x 8192), {data['rates']['bytes'] / 1e12:.2f} TB/s (copy).\n\n"
        f"{markdown_table(limits, floors)}\n"
    )


def main(
    data: Annotated[Path | None, typer.Option(help="Folder of MNIST; where the kit looks.")] = None,
    quiet: Annotated[float, typer.Option(help="Seconds to wait for an idle card.")] = 60,
    keep: Annotated[
        bool, typer.Option("--record", help="Write benchmarks/part_b_speed.md.")
    ] = False,
) -> None:
    """Measures training and sampling against the plain loop and the card's limits."""
    if not torch.cuda.is_available():
        raise typer.BadParameter("there is no GPU here, and nothing else is measured")
    digits = load_digits("mnist", data)
    card, per = rates(), count(64)
    with tempfile.TemporaryDirectory() as empty:
        os.environ["TRITON_CACHE_DIR"] = empty
        idle = wait_for_quiet(quiet)
        quick, _ = fast(digits.images, digits.labels, quiet)
        idle = idle and wait_for_quiet(quiet)
    found = {
        "card": torch.cuda.get_device_name(),
        "quiet": idle,
        "fast": quick,
        "plain": plain(digits.images, digits.labels, quiet),
        "counts": vars(per),
        "rates": vars(card),
        "training floor": training_floor(per, card, 20 * len(digits)),
        "sampling floor": sampling_floor(per, card, 1000, T),
    }
    text = report(found)
    print(text)
    if keep:
        record("part_b_speed", found, text)


if __name__ == "__main__":
    typer.run(main)
