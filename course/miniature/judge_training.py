"""Training of the judges: real pictograms on grounds of all colours, moved, turned, softened."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .judge import Judge, JudgeError, look
from .pack import Pack
from .split import is_held_out

ONE_WAY = ("left", "right", "o’clock", "o'clock", "thirty", "button", "clockwise", "symbol")
"""Words of names whose pictures mean something else, or nothing, in a mirror."""


@dataclass(frozen=True)
class JudgeSettings:
    """How a judge is trained.

    Attributes:
        steps: Updates of the weights.
        batch_size: Pictures an update.
        learning_rate: Largest learning rate of AdamW's one cycle.
        weight_decay: Weight decay of AdamW.
        widths: Channels of the four resolutions.
        save_seconds: Seconds between checkpoints.
    """

    steps: int = 2500
    batch_size: int = 512
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    widths: tuple[int, ...] = (64, 128, 256, 320)
    save_seconds: float = 20.0


class Augmenter:
    """Makes batches of training pictures on the device that holds the pictograms.

    Args:
        pack: The pictograms.
        device: Where batches are made.
    """

    def __init__(self, pack: Pack, device: torch.device) -> None:
        self.names = tuple(sorted(set(pack.names)))
        place = {name: number for number, name in enumerate(self.names)}
        held_out = [is_held_out(*pair) for pair in zip(pack.styles, pack.names, strict=True)]
        self.rgba = pack.rgba.to(device)
        self.labels = torch.tensor([place[name] for name in pack.names], device=device)
        self.held_out = torch.tensor(held_out).nonzero()[:, 0].to(device)
        self.trained = (~torch.tensor(held_out)).nonzero()[:, 0].to(device)
        mirrored = [not any(word in name.split() for word in ONE_WAY) for name in pack.names]
        self.mirrored = torch.tensor(mirrored, device=device)

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Draw training pictures, (size, 3, 64, 64) in about [-1, 1], and their labels, (size,)."""
        chosen = self.trained[torch.randint(len(self.trained), (size,), device=self.rgba.device)]
        moved = _move(_premultiplied(self.rgba[chosen]), self.mirrored[chosen])
        return _soften(_on_ground(moved, _grounds(size, moved))), self.labels[chosen]

    def plain(self, chosen: Tensor) -> Tensor:
        """Pictures as they are, on white, (N, 3, 64, 64) in [-1, 1]."""
        drawn = _premultiplied(self.rgba[chosen])
        return _on_ground(drawn, torch.ones(len(chosen), 3, 1, 1, device=drawn.device))


def _premultiplied(rgba: Tensor) -> Tensor:
    """Colours times alpha, so that moving does not bring in those of transparent pixels."""
    scaled = rgba.float() / 255
    return torch.cat([scaled[:, :3] * scaled[:, 3:], scaled[:, 3:]], 1)


def _on_ground(drawn: Tensor, ground: Tensor) -> Tensor:
    return 2 * (drawn[:, :3] + (1 - drawn[:, 3:]) * ground).clamp(0, 1) - 1


def _grounds(size: int, like: Tensor) -> Tensor:
    """White for half of the pictures, any colour for the others."""
    colours = torch.rand(size, 3, 1, 1, device=like.device)
    white = torch.rand(size, 1, 1, 1, device=like.device) < 0.5
    return torch.where(white, torch.ones_like(colours), colours)


def _move(drawn: Tensor, mirrored: Tensor) -> Tensor:
    """Turn by up to 12 degrees, scale to 0.7 to 1.1, shift by up to a tenth, mirror."""
    size, device = len(drawn), drawn.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(size, device=device) * (high - low) + low

    angle, scale = uniform(-0.21, 0.21), 1 / uniform(0.7, 1.1)
    sign = torch.where(mirrored & (torch.rand(size, device=device) < 0.5), -1.0, 1.0)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    rows = [
        torch.stack([cos * sign, -sin, uniform(-0.2, 0.2)], 1),
        torch.stack([sin * sign, cos, uniform(-0.2, 0.2)], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(drawn.shape), align_corners=False)
    return F.grid_sample(drawn, grid, align_corners=False)


def _soften(images: Tensor) -> Tensor:
    """Blur two pictures in five, change contrast and colours a little, add a little noise.

    Samples of a model are softer and noisier than drawings, and far views are blurred.
    """
    size, device = len(images), images.device
    sigma = torch.rand(size, device=device) * 2.5
    sigma = torch.where(torch.rand(size, device=device) < 0.4, sigma, 0.01)
    images = _blurred(images, sigma)
    gain = 1 + 0.3 * (torch.rand(size, 3, 1, 1, device=device) - 0.5)
    grey = images.mean(1, keepdim=True)
    colour = 0.6 + 0.6 * torch.rand(size, 1, 1, 1, device=device)
    images = (grey + colour * (images - grey)) * gain
    noise = torch.rand(size, 1, 1, 1, device=device).square() * 0.15
    return (images + noise * torch.randn_like(images)).clamp(-1, 1)


def _blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each picture with a standard deviation of its own, (N,), in pixels."""
    offsets = torch.arange(-6, 7, device=images.device)
    kernels = torch.exp(-offsets.square() / (2 * sigma[:, None].square().clamp(min=1e-4)))
    kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(3, 0)[:, None]
    flat = F.pad(images, [6, 6, 6, 6], mode="reflect").flatten(0, 1)[None]
    flat = F.conv2d(flat, kernels[:, :, :, None], groups=flat.shape[1])
    flat = F.conv2d(flat, kernels[:, :, None, :], groups=flat.shape[1])
    return flat[0].view_as(images)


def train_judge(
    pack: Pack,
    view: str,
    settings: JudgeSettings,
    checkpoint: Path,
    device: torch.device,
    say: Callable[[str], None] = lambda _line: None,
) -> tuple[Judge, dict[str, str]]:
    """Train a judge, going on from the checkpoint if there is one.

    Args:
        pack: The pictograms; held-out pairs are not trained on.
        view: One of `judge.VIEWS`.
        settings: How.
        checkpoint: File of the state, written from time to time.
        device: Where.
        say: Told a line from time to time.

    Returns:
        The judge and notes on it: steps, seconds, top-1 on held-out pictures.

    Raises:
        JudgeError: If the checkpoint is damaged, of other settings, or cannot be written.
    """
    data = Augmenter(pack, device)
    judge = Judge(data.names, view, settings.widths).to(device)
    judge = judge.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        judge.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.steps + 1
    )
    state = _State(checkpoint, judge, optimizer, cycle, f"{view} {settings} {len(pack.names)}")
    first, seconds = state.load(device)
    start = saved = time.perf_counter()
    judge.train()
    for step in range(first, settings.steps):
        loss = _update(judge, optimizer, data.batch(settings.batch_size), device)
        cycle.step()
        if step % 250 == 249 or step + 1 == settings.steps:
            say(f"judge of the {view} view: step {step + 1}, loss {loss.item():.3f}")
        if time.perf_counter() - saved > settings.save_seconds:
            saved = time.perf_counter()
            state.save(step + 1, seconds + saved - start)
    seconds += time.perf_counter() - start
    state.save(settings.steps, seconds)
    judge.eval().requires_grad_(False)
    share = held_out_share(judge, data)
    notes = {"steps": str(settings.steps), "seconds": f"{seconds:.0f}", "held_out": f"{share:.4f}"}
    say(f"judge of the {view} view: {seconds:.0f} s, top-1 on held-out pictures {share:.1%}")
    return judge, notes


def held_out_share(judge: Judge, data: Augmenter) -> float:
    """Share of the held-out pictures, on white, that a judge names rightly among all names."""
    if not len(data.held_out):
        return float("nan")
    verdict = look(judge, data.plain(data.held_out))
    wanted = [data.names[label] for label in data.labels[data.held_out].tolist()]
    return float(verdict.right(wanted).float().mean())


def _update(
    judge: Judge, optimizer: Any, batch: tuple[Tensor, Tensor], device: torch.device
) -> Tensor:
    images, labels = batch
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        logits = judge(images.contiguous(memory_format=torch.channels_last))
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=0.1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


@dataclass
class _State:
    """What a run goes on from."""

    path: Path
    judge: Judge
    optimizer: Any
    cycle: Any
    settings: str

    def load(self, device: torch.device) -> tuple[int, float]:
        """Take up the state, if there is one; return the steps and seconds that it had."""
        if not self.path.exists():
            return 0, 0.0
        try:
            known = torch.load(self.path, map_location=device, weights_only=True)
            if known["settings"] != self.settings:
                raise JudgeError(
                    f"{self.path} is of other settings or data; remove it or give another --out"
                )
            self.judge.load_state_dict(known["judge"])
            self.optimizer.load_state_dict(known["optimizer"])
            self.cycle.load_state_dict(known["cycle"])
            return int(known["step"]), float(known["seconds"])
        except JudgeError:
            raise
        except Exception as error:
            raise JudgeError(f"{self.path} is no checkpoint or damaged; remove it") from error

    def save(self, step: int, seconds: float) -> None:
        """Write the state, by a rename."""
        partial = self.path.with_suffix(".part")
        whole = {
            "settings": self.settings,
            "step": step,
            "seconds": seconds,
            "judge": self.judge.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "cycle": self.cycle.state_dict(),
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(whole, partial)
            partial.replace(self.path)
        except (OSError, RuntimeError) as error:
            partial.unlink(missing_ok=True)
            raise JudgeError(f"{self.path} cannot be written ({error}); free space") from error
