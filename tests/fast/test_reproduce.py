"""Does `course reproduce` run to its end, go on after an interruption, and refuse bad input?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from kit.idx import FILES
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from course.cli import app
from course.fast import TrainingError
from course.reproduce.run import ReproduceError, reproduce

pytestmark = pytest.mark.filterwarnings("ignore:load_digits")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run on the embedded digits."""
    folder = tmp_path_factory.mktemp("reproduce")
    arguments = ["reproduce", "--preset", "smoke", "--device", "cpu", "--source", "embedded"]
    paths = ["--work", f"{folder}/work", "--figures", f"{folder}/figures"]
    result = CliRunner().invoke(app, [*arguments, *paths, "--numbers", f"{folder}/numbers.md"])
    assert result.exit_code == 0, result.output
    return folder


def test_every_figure_and_number_is_made(finished: Path) -> None:
    names = {path.name for path in (finished / "figures").iterdir()}
    assert {"b1_2_noising.png", "b1_2_losses.png", "b2_5_guidance.png"} <= names
    assert {"b2_3_epoch_01.png", "b2_5_epoch_02.png", "b2_5_animation.gif"} <= names
    page = (finished / "numbers.md").read_text(encoding="utf-8")
    assert "class-conditioned" in page
    assert "not MNIST" in page


def test_a_finished_stage_is_not_run_again(finished: Path) -> None:
    said: list[str] = []
    (finished / "work" / "animation.json").unlink()
    reproduce("smoke", "cpu", finished / "work", source="embedded", say=said.append)
    done = [line for line in said if "done before" in line]
    assert len(done) == 5
    assert any(line.startswith("animation: 0") for line in said)


def test_another_run_in_the_same_folder_is_refused(finished: Path) -> None:
    before = json.loads((finished / "work" / "run.json").read_text(encoding="utf-8"))
    with pytest.raises(ReproduceError, match=r"holds another run.*--work"):
        reproduce("quick", "cpu", finished / "work", source="embedded")
    assert json.loads((finished / "work" / "run.json").read_text(encoding="utf-8")) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--preset", "huge"], "unknown preset 'huge'"),
        (["--device", "tpu"], "there are cpu and cuda"),
        (["--data", "nowhere", "--source", "mnist"], "no MNIST in nowhere"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    work = ["--work", str(tmp_path / "work")]
    result = CliRunner().invoke(app, ["reproduce", *work, *arguments])
    assert result.exit_code == 2
    assert says in result.output
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("option", ["--work", "--figures", "--numbers"])
def test_a_file_in_the_place_of_a_folder(option: str, tmp_path: Path) -> None:
    """It is told before anything is trained."""
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    place = tmp_path / "mine" / "page.md" if option == "--numbers" else tmp_path / "mine"
    work = ["--work", str(tmp_path / "work"), "--figures", str(tmp_path / "figures")]
    result = CliRunner().invoke(app, ["reproduce", *work, option, str(place)])
    assert result.exit_code == 2
    mine = tmp_path / "mine"
    told = f"course: {option} {mine}: {mine} is a file; name a folder\n"
    assert result.stderr == told
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReproduceError, match="no GPU is to be seen here; take --device cpu"):
        reproduce("smoke", "cuda", tmp_path)


def test_a_loss_that_is_not_finite_names_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the epoch and the batch; what was finished before stays."""

    def diverged(*_: object) -> None:
        raise TrainingError("the loss is nan in epoch 2, batch 7: lower the learning rate")

    monkeypatch.setattr("course.reproduce.stages.train_denoiser_fast", diverged)
    with pytest.raises(ReproduceError, match=r"^denoiser: the loss is nan in epoch 2, batch 7"):
        reproduce("smoke", "cpu", tmp_path, source="embedded")
    assert (tmp_path / "judge.json").exists()
    assert not (tmp_path / "denoiser.json").exists()


def test_too_little_memory_suggests_a_smaller_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("course.reproduce.stages.train_denoiser_fast", full)
    arguments = ["--preset", "smoke", "--device", "cpu", "--source", "embedded"]
    places = ["--work", str(tmp_path / "work"), "--figures", str(tmp_path / "figures")]
    result = CliRunner().invoke(
        app,
        ["reproduce", *arguments, *places, "--batch-size", "32", "--numbers", str(tmp_path / "n")],
    )
    assert result.exit_code == 2
    told = result.stderr.splitlines()[-1]
    assert told.startswith("course: denoiser: the GPU's memory is too small")
    assert "--batch-size 16" in told


def test_a_checkpoint_of_another_network_is_refused(finished: Path) -> None:
    path = finished / "work" / "class.safetensors"
    before = path.read_bytes()
    other = {k: v for k, v in load_file(path).items() if not k.startswith("unet/")}
    save_file(other | {"unet/last.weight": torch.zeros(1, 9, 3, 3)}, path)
    with pytest.raises(ReproduceError, match=r"class\.safetensors holds the weights of another"):
        reproduce("smoke", "cpu", finished / "work", source="embedded")
    path.write_bytes(before[: len(before) // 2])
    with pytest.raises(ReproduceError, match=r"class\.json or its \.safetensors is damaged"):
        reproduce("smoke", "cpu", finished / "work", source="embedded")
    path.write_bytes(before)


def test_damaged_digits_are_named(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"cut")
    with pytest.raises(ReproduceError, match=r"ubyte\.gz is damaged .*download"):
        reproduce("smoke", "cpu", tmp_path / "work", tmp_path, "mnist")
    assert not (tmp_path / "work").exists()
