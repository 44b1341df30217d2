"""Classifiers of pictograms: they say what a picture shows, from near or from afar."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from .errors import MiniatureError

BLUR = 2.0
"""Standard deviation of the blur between far and near views, in pixels, as in A 1.9."""

VIEWS = ("full", "near")
"""What a judge sees: the picture as it is, or only its high frequencies."""

WIDTHS = (64, 128, 256, 320)
"""Channels at 32, 16, 8 and 4 pixels."""


class JudgeError(MiniatureError):
    """A judge that is not there, or does not fit, told in one line."""


class Judge(nn.Module):
    """A residual network from pictures, (N, 3, 64, 64) in [-1, 1], to logits of names.

    Attributes:
        names: Names of the classes, in the order of the logits.
        view: One of `VIEWS`.
    """

    def __init__(
        self, names: tuple[str, ...], view: str = "full", widths: tuple[int, ...] = WIDTHS
    ) -> None:
        super().__init__()
        if view not in VIEWS:
            raise ValueError(f"view {view!r}: there are {', '.join(VIEWS)}")
        self.names, self.view, self.widths = names, view, widths
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(widths[0])
        )
        blocks: list[nn.Module] = []
        for number, width in enumerate(widths):
            before = widths[max(number - 1, 0)]
            blocks += [_Block(before, width, 1 if number == 0 else 2), _Block(width, width, 1)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(widths[-1], len(names))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (N, number of names)."""
        logits: Tensor = self.head(F.dropout(self.features(x), 0.2, self.training))
        return logits

    def features(self, x: Tensor) -> Tensor:
        """Features before the last layer, (N, last of the widths)."""
        if self.view == "near":
            x = high_pass(x)
        found: Tensor = self.blocks(F.relu(self.stem(x))).mean(dim=(2, 3))
        return found


class _Block(nn.Module):
    """Two convolutions and a way past them."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)
        self.norm_1 = nn.BatchNorm2d(outside)
        self.conv_2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.norm_2 = nn.BatchNorm2d(outside)
        nn.init.zeros_(self.norm_2.weight)  # starts as the way past, which trains faster
        self.past: nn.Module = nn.Identity()
        if stride != 1 or inside != outside:
            self.past = nn.Conv2d(inside, outside, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features of the next resolution."""
        y = F.relu(self.norm_1(self.conv_1(x)))
        return F.relu(self.norm_2(self.conv_2(y)) + self.past(x))


def low_pass(x: Tensor) -> Tensor:
    """The far view: pictures blurred as the hybrids' frequencies are parted."""
    return TF.gaussian_blur(x, [33, 33], [BLUR, BLUR])


def high_pass(x: Tensor) -> Tensor:
    """The near view: what the blur takes away."""
    return x - low_pass(x)


@dataclass(frozen=True)
class Verdict:
    """What a judge makes of pictures.

    Attributes:
        logits: (N, number of names), on the CPU.
        names: The names.
    """

    logits: Tensor
    names: tuple[str, ...]

    def right(self, wanted: list[str], among: list[str] | None = None) -> Tensor:
        """Whether each picture is taken for what it should be, (N,), bool.

        Args:
            wanted: The right name of each picture.
            among: Names to choose from; all that the judge knows by default.
        """
        place = {name: number for number, name in enumerate(self.names)}
        columns = [place[name] for name in among] if among else list(range(len(self.names)))
        best = self.logits[:, columns].argmax(1)
        targets = torch.tensor([place[name] for name in wanted])
        return torch.tensor(columns)[best] == targets

    def probability(self, wanted: list[str], among: list[str] | None = None) -> Tensor:
        """Probability that the judge gives to each picture's right name, (N,)."""
        place = {name: number for number, name in enumerate(self.names)}
        columns = [place[name] for name in among] if among else list(range(len(self.names)))
        chances = self.logits[:, columns].float().softmax(1)
        rows = torch.tensor([columns.index(place[name]) for name in wanted])
        return chances[torch.arange(len(wanted)), rows]


@torch.no_grad()
def look(judge: Judge, images: Tensor, batch_size: int = 500) -> Verdict:
    """Let a judge look at pictures, (N, 3, 64, 64) in about [-1, 1]."""
    weight = judge.head.weight
    logits = [
        judge(x.to(weight.device, weight.dtype).clamp(-1, 1)).float().cpu()
        for x in images.split(batch_size)
    ]
    return Verdict(torch.cat(logits), judge.names)


def save_judge(judge: Judge, path: Path, notes: dict[str, str]) -> None:
    """Write a judge in half precision, by a rename.

    Raises:
        JudgeError: If the file cannot be written.
    """
    weights = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in judge.state_dict().items()
    }
    about = {
        "names": json.dumps(judge.names),
        "view": judge.view,
        "widths": json.dumps(judge.widths),
    }
    partial = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(weights, partial, about | notes)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise JudgeError(f"{path} cannot be written ({error}); free space or give --out") from error


def load_judge(path: Path, device: str | torch.device = "cpu") -> Judge:
    """Read a judge.

    Raises:
        JudgeError: If there is none, or the file is damaged or holds something else.
    """
    if not path.is_file():
        raise JudgeError(f"no judge {path}; train it with `course miniature judge`")
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        judge = Judge(
            tuple(json.loads(about["names"])), about["view"], tuple(json.loads(about["widths"]))
        )
        judge.load_state_dict(
            {n: v.float() if v.is_floating_point() else v for n, v in weights.items()}
        )
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise JudgeError(
            f"{path} is no judge or is damaged ({str(error).splitlines()[0][:120]}); train it again"
        ) from error
    return judge.eval().requires_grad_(False).to(device)
