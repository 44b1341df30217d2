"""Training of the judges, going on from checkpoints."""

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
from .judge_pictures import Augmenter
from .pack import Pack

SEED = 1618


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
    torch.manual_seed(SEED)
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
