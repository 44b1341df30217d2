"""The figures of Part B from what a reproduction made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from .ddpm import SCALES
from .run import Found
from .stages import SIGMAS

STYLE = Path(__file__).parent.parent / "kit" / "kit.mplstyle"
DPI = 110


def write_figures(found: Found, folder: Path) -> list[Path]:
    """Writes every figure that the run has data for; returns their files.

    Args:
        found: Of `reproduce`.
        folder: Where the PNG files go; made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = found.arrays
    written = []
    with plt.style.context(STYLE):
        for name, figure in _figures(arrays, found.numbers).items():
            path = folder / f"{name}.png"
            figure.savefig(path, dpi=DPI, bbox_inches="tight")
            plt.close(figure)
            written.append(path)
    frames = arrays.get("animation/frames")
    if frames is not None:
        written.append(_animation(frames, folder / "b2_5_animation.gif"))
    return written


def _figures(arrays: dict[str, Tensor], numbers: dict[str, Any]) -> dict[str, Figure]:
    digits = numbers["run"]["digits"]
    epochs = max(int(k.split()[1]) for k in arrays if k.startswith("denoiser/epoch "))
    figures = {
        "b1_2_noising": _noising(arrays, digits),
        "b1_2_losses": _losses(arrays["denoiser/losses"], "MSE", numbers["denoiser"]["test_mse"]),
        "b1_2_results": _results(arrays, sorted({1, epochs}), digits),
        "b1_2_out_of_distribution": _out_of_distribution(arrays, epochs),
        "b2_2_losses": _losses(arrays["time/losses"], "time-only loss"),
        "b2_5_losses": _losses(arrays["class/losses"], "class-conditioned loss"),
        "b2_time_and_class": _compare(arrays),
        "b2_5_guidance": _guidance(arrays),
    }
    for kind, section in (("time", "b2_3"), ("class", "b2_5")):
        for key, x in arrays.items():
            if key.startswith(f"{kind}/samples after epoch "):
                epoch = int(key.rsplit(" ", 1)[1])
                title = f"{'time only' if kind == 'time' else 'class-conditioned, guidance 5'}"
                figures[f"{section}_epoch_{epoch:02d}"] = _grid(x, f"{title}, epoch {epoch}")
    return figures


def _tile(x: Tensor, columns: int) -> NDArray[np.float32]:
    """Pictures (N, 1, 28, 28) as one, row by row, clipped to [0, 1]."""
    rows = len(x) // columns
    tiles = x[: rows * columns, 0].float().clamp(0, 1).reshape(rows, columns, 28, 28)
    picture: NDArray[np.float32] = tiles.permute(0, 2, 1, 3).reshape(rows * 28, -1).numpy()
    return picture


def _rows(rows: dict[str, Tensor], title: str) -> Figure:
    """A row of pictures under each label."""
    figure, axes = plt.subplots(len(rows), 1, figsize=(7, 0.82 * len(rows)), squeeze=False)
    for axis, (label, x) in zip(axes[:, 0], rows.items(), strict=True):
        axis.imshow(_tile(x, len(x)), cmap="gray", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.set_ylabel(label, rotation=0, ha="right", va="center")
    figure.suptitle(title)
    return figure


def _grid(x: Tensor, title: str) -> Figure:
    figure, axis = plt.subplots(figsize=(7, 3.1))
    axis.imshow(_tile(x, 10), cmap="gray", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[], title=title)
    axis.grid(False)
    return figure


def _noising(arrays: dict[str, Tensor], digits: str) -> Figure:
    shown, noise = arrays["denoiser/shown"], arrays["denoiser/noise"]
    rows = {rf"$\sigma$ = {sigma}": shown + sigma * noise for sigma in SIGMAS}
    return _rows(rows, rf"$z = x + \sigma\epsilon$ ({digits})")


def _results(arrays: dict[str, Tensor], epochs: list[int], digits: str) -> Figure:
    shown = arrays["denoiser/shown"]
    rows = {"input": shown, "noisy, 0.5": shown + 0.5 * arrays["denoiser/noise"]}
    rows |= {f"epoch {e}": arrays[f"denoiser/epoch {e} sigma 0.5"] for e in epochs}
    return _rows(rows, rf"Denoised at $\sigma$ = 0.5 ({digits}, test set)")


def _out_of_distribution(arrays: dict[str, Tensor], epoch: int) -> Figure:
    rows = {f"{s}": arrays[f"denoiser/epoch {epoch} sigma {s}"] for s in SIGMAS}
    return _rows(rows, r"Trained at $\sigma$ = 0.5, denoising other $\sigma$")


def _losses(losses: Tensor, label: str, test: Sequence[float] = ()) -> Figure:
    """Loss of each batch, its running mean, and test losses after each epoch where given."""
    figure, axis = plt.subplots(figsize=(7, 3))
    axis.plot(losses.numpy(), lw=0.5, alpha=0.4, color="C0")
    width = max(1, len(losses) // 100)
    smooth = losses.unfold(0, width, 1).mean(1).numpy()
    axis.plot(np.arange(len(smooth)) + width // 2, smooth, color="C0", label="training")
    if test:
        steps = [len(losses) // len(test) * (i + 1) for i in range(len(test))]
        axis.plot(steps, test, "o", color="C1", label="test, after each epoch")
    axis.set(yscale="log", xlabel="batch", ylabel=label)
    axis.legend()
    return figure


def _compare(arrays: dict[str, Tensor]) -> Figure:
    def last(kind: str) -> Tensor:
        keys = [k for k in arrays if k.startswith(f"{kind}/samples after epoch ")]
        return arrays[max(keys, key=lambda k: int(k.rsplit(" ", 1)[1]))]

    figure, axes = plt.subplots(1, 2, figsize=(9, 2.2))
    for axis, kind, title in zip(
        axes, ("time", "class"), ("time only", "class-conditioned, guidance 5"), strict=True
    ):
        axis.imshow(_tile(last(kind), 10), cmap="gray", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[], title=title)
        axis.grid(False)
    return figure


def _guidance(arrays: dict[str, Tensor]) -> Figure:
    rows = {f"{scale:g}": arrays[f"class/guidance {scale:g}"][:10] for scale in SCALES}
    return _rows(rows, "Guidance scale, digits 0 to 9 asked for")


def _animation(frames: Tensor, path: Path) -> Path:
    """The samples on their way from noise to digits, as an animated GIF."""
    from PIL import Image

    pictures = [(_tile(x, 10) * 255).astype("uint8") for x in frames]
    images = [Image.fromarray(p).resize((560, 56)) for p in pictures]
    images[0].save(
        path, save_all=True, append_images=[*images[1:], *[images[-1]] * 10], duration=120, loop=0
    )
    return path
