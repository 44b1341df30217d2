"""How large the full tier's trainings are, what they must reach, and what they may use.

The bounds lie between what the solution reaches over seeds and devices and what known mistakes
reach; `benchmarks/full_tier.md` has both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from course.exercise import Limits

Kind = Literal["denoiser", "time", "class"]
KINDS: tuple[Kind, ...] = ("denoiser", "time", "class")


@dataclass(frozen=True)
class Recipe:
    """One training.

    Attributes:
        hiddens: Hidden channels D of the network.
        batch_size: Pictures in a batch.
        num_epochs: Passes over the digits.
        lr: Learning rate of Adam; a DDPM's falls to a tenth over the epochs.
        sigma: Noise of the denoiser.
        num_ts: Timesteps T of a DDPM.
        beta1: First variance of its schedule.
        beta2: Last variance.
        p_uncond: Share of classes that are dropped.
    """

    hiddens: int
    batch_size: int
    num_epochs: int
    lr: float
    sigma: float = 0.5
    num_ts: int = 400
    beta1: float = 1e-4
    beta2: float = 0.02
    p_uncond: float = 0.1

    def plain(self) -> dict[str, Any]:
        """As it is sent to a worker."""
        return asdict(self)


@dataclass(frozen=True)
class Bounds:
    """What a trained network must reach.

    Attributes:
        losses: Largest test loss by name, as in `measuring`.
        legible: Smallest share of samples that the judge is sure of.
        right: Smallest share of guided samples that show the digit asked for; 0 where the
            training is too short for digits.
    """

    losses: dict[str, float] = field(default_factory=dict)
    legible: float = 0.0
    right: float = 0.0


@dataclass(frozen=True)
class Preset:
    """The sizes of a run of the full tier.

    Attributes:
        name: As in `--preset`.
        digits: "mnist" or "embedded".
        train: Training digits that are used; 0 for all.
        test: Test digits that are used.
        recipes: The training of each kind of network.
        samples: Pictures that are drawn and judged.
        guidance: Strength of guidance of class-conditioned samples.
        bounds: What must be reached.
        limits: What one training with its measurements may use.
    """

    name: str
    digits: str
    train: int
    test: int
    recipes: dict[Kind, Recipe]
    samples: int
    guidance: float
    bounds: Bounds
    limits: Limits

    @property
    def tier(self) -> str:
        """What results of this size call their tier: full for the assignment's own size only."""
        return "full" if self.name == "full" else f"full-{self.name}"


_DDPM = Recipe(hiddens=64, batch_size=128, num_epochs=20, lr=1e-3)
_LAPTOP = Recipe(hiddens=16, batch_size=64, num_epochs=6, lr=3e-3, num_ts=100, beta2=0.08)
_SMOKE = Recipe(hiddens=4, batch_size=32, num_epochs=2, lr=1e-3, num_ts=6, beta2=0.5)

PRESETS: dict[str, Preset] = {
    # The assignment's own settings; for a GPU.
    "full": Preset(
        name="full",
        digits="mnist",
        train=0,
        test=2000,
        recipes={
            "denoiser": Recipe(hiddens=128, batch_size=256, num_epochs=5, lr=1e-4),
            "time": _DDPM,
            "class": _DDPM,
        },
        samples=100,
        guidance=5.0,
        bounds=Bounds(
            {"denoiser": 0.0095, "time": 0.03, "class": 0.03, "no class": 0.03}, 0.7, 0.9
        ),
        limits=Limits(wall=600, cpu=900, memory_mib=16384, vram_mib=16384),
    ),
    # Some minutes for each training on a CPU core, with the digits that come with the course;
    # too short for samples that always show the digit asked for.
    "reduced": Preset(
        name="reduced",
        digits="embedded",
        train=0,
        test=1000,
        recipes={
            "denoiser": Recipe(hiddens=16, batch_size=64, num_epochs=2, lr=1e-3),
            "time": _LAPTOP,
            "class": _LAPTOP,
        },
        samples=50,
        guidance=3.0,
        bounds=Bounds({"denoiser": 0.0142, "time": 0.07, "class": 0.065, "no class": 0.065}, 0.1),
        limits=Limits(wall=3600, cpu=3600, memory_mib=8192),
    ),
    # Seconds: everything runs, next to nothing is learned.
    "smoke": Preset(
        name="smoke",
        digits="embedded",
        train=512,
        test=64,
        recipes={
            "denoiser": Recipe(hiddens=4, batch_size=32, num_epochs=2, lr=1e-2),
            "time": _SMOKE,
            "class": _SMOKE,
        },
        samples=10,
        guidance=2.0,
        bounds=Bounds({"denoiser": 1.0, "time": 2.0, "class": 2.0, "no class": 2.0}),
        limits=Limits(wall=600, cpu=300, memory_mib=4096),
    ),
}
