"""Does a training that was interrupted go on at an epoch, as if nothing had happened?"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from course.fast import Checkpoint, DDPMSetting, TrainingError, ddpm, train_ddpm_fast
from course.fast.graphs import GraphTrainer
from solutions.ddpm import ddpm_schedule
from solutions.unet import ClassConditionalUNet

IMAGES = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(1))
SETTING = DDPMSetting(12, 8, 3, 1e-3, bf16=False)


class StopError(Exception):
    """Stands for Ctrl+C."""


def net() -> nn.Module:
    """A net with the same weights each time."""
    torch.manual_seed(3)
    return ClassConditionalUNet(1, 10, 4)


def train(unet: nn.Module, checkpoint: Checkpoint | None, until: int = 9) -> list[float]:
    """Trains until an epoch begins that is not finished."""

    def on_epoch(epoch: int, _: list[float]) -> None:
        if checkpoint is not None:
            checkpoint.kept[f"seen {epoch}"] = torch.tensor(float(epoch))
        if epoch == until:
            raise StopError

    torch.manual_seed(5)
    schedule = ddpm_schedule(1e-4, 0.02, 12)
    return train_ddpm_fast(
        unet, schedule, IMAGES, torch.arange(20) % 10, SETTING, on_epoch, checkpoint
    )


@pytest.mark.parametrize("trainer", ["autograd", "network"])
def test_it_ends_as_one_that_was_not_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainer: str
) -> None:
    if trainer == "network":

        def make(unet: nn.Module, prepare: object, size: int, lr: float, _: bool) -> GraphTrainer:
            return GraphTrainer(unet, prepare, size, lr, torch.float32)  # type: ignore[arg-type]

        monkeypatch.setattr(ddpm, "make_trainer", make)
    whole = net()
    expected = train(whole, None)
    kept: dict[str, Tensor] = {}
    with pytest.raises(StopError):
        train(net(), Checkpoint(tmp_path / "a.safetensors", kept, every=0), until=2)
    again: dict[str, Tensor] = {}
    unet = net()
    found = train(unet, Checkpoint(tmp_path / "a.safetensors", again, every=0))
    assert found == pytest.approx(expected, rel=1e-5)
    assert sorted(again) == ["seen 0", "seen 1", "seen 2"]
    for key, value in whole.state_dict().items():
        torch.testing.assert_close(unet.state_dict()[key], value)


@pytest.mark.parametrize("damage", ["cut", "another network"])
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(StopError):
        train(net(), Checkpoint(path, {}, every=0), until=1)
    unet: nn.Module = net()
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        unet = ClassConditionalUNet(1, 10, 8)
    with pytest.raises(TrainingError, match=r"a\.safetensors is damaged or of another network"):
        train(unet, Checkpoint(path, {}))


def test_nothing_is_saved_more_often_than_asked(tmp_path: Path) -> None:
    train(net(), Checkpoint(tmp_path / "a.safetensors", {}, every=600))
    assert not (tmp_path / "a.safetensors").exists()
