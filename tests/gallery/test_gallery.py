"""The command `course gallery`, end to end with the tiny model, and its noise."""

from __future__ import annotations

import json
import os
from pathlib import Path

import kit
import matplotlib.image
import pytest
import torch
from typer.testing import CliRunner, Result

from course.cli import app
from course.gallery.figures import PLANS
from course.gallery.layout import LARGEST, shrink
from course.gallery.run import RECORD
from course.gallery.seeds import SEED, PictureSeeds
from course.gallery.studio import Studio
from solutions.sampling import iterative_denoise

pytestmark = pytest.mark.filterwarnings("ignore:embed:UserWarning")


def gallery(out: Path, *arguments: str) -> Result:
    given = ["gallery", "--out", str(out), "--source", "tiny", "--device", "cpu", *arguments]
    return CliRunner().invoke(app, given)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Two sections, made once."""
    out = tmp_path_factory.mktemp("gallery") / "new" / "figures"
    return out, gallery(out, "--only", "a1_1", "--only", "a1_4")


def test_two_sections(made: tuple[Path, Result]) -> None:
    """The sections' figures are pictures, there is nothing else, and the record names them."""
    out, result = made
    assert result.exit_code == 0, result.output
    names = ["a1_1_forward", "a1_4_comparison", "a1_4_walk"]
    assert sorted(path.name for path in out.iterdir()) == [f"{n}.png" for n in names] + [RECORD]
    for name in names:
        picture = matplotlib.image.imread(out / f"{name}.png")
        assert picture.std() > 0.05
    record = json.loads((out / RECORD).read_text(encoding="utf-8"))
    assert sorted(record["figures"]) == names
    assert "3 figures" in result.stdout


def test_goes_on(made: tuple[Path, Result]) -> None:
    """What is there is kept to the byte, what is missing is made again, and just the same."""
    out, _ = made
    kept, missing = out / "a1_1_forward.png", out / "a1_4_walk.png"
    before, time_before = missing.read_bytes(), kept.stat().st_mtime_ns
    missing.unlink()
    result = gallery(out, "--only", "a1_1", "--only", "a1_4")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("there already") == 2
    assert kept.stat().st_mtime_ns == time_before
    assert missing.read_bytes() == before


def test_a_figure_without_record_is_made_again(made: tuple[Path, Result]) -> None:
    """A file of the same name that no run has noted does not pass for a finished figure."""
    out, _ = made
    stray = out / "a1_2_blur.png"
    stray.write_bytes(b"half a picture")
    result = gallery(out, "--only", "a1_2")
    assert result.exit_code == 0, result.output
    assert matplotlib.image.imread(stray).ndim == 3


def test_fresh_makes_again(made: tuple[Path, Result]) -> None:
    out, _ = made
    result = gallery(out, "--only", "a1_1", "--fresh")
    assert result.exit_code == 0, result.output
    assert "there already" not in result.stderr


def test_another_precision_is_not_another_model(made: tuple[Path, Result]) -> None:
    """A run at bfloat16 goes on with the figures of one at float32."""
    out, _ = made
    result = gallery(out, "--only", "a1_1", "--only", "a1_3", "--bfloat16")
    assert result.exit_code == 0, result.output
    figures = json.loads((out / RECORD).read_text(encoding="utf-8"))["figures"]
    assert figures["a1_3_one_step"]["precision"] == "bfloat16"
    assert figures["a1_1_forward"]["precision"] == "float32"
    assert figures["a1_3_one_step"]["cpu_seconds"] > 0


def test_other_weights(tmp_path: Path) -> None:
    """Figures of two models are not mixed."""
    record = tmp_path / RECORD
    record.write_text('{"weights": "of another model", "figures": {}}', encoding="utf-8")
    result = gallery(tmp_path, "--only", "a1_1")
    assert result.exit_code == 2
    assert "holds figures of other weights; give another --out" in result.stderr
    assert list(tmp_path.iterdir()) == [record]


@pytest.mark.parametrize("text", ["", "[]", '{"figures": 3}'])
def test_broken_record(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    result = gallery(tmp_path, "--only", "a1_1")
    assert result.exit_code == 2
    assert "is no record of a gallery" in result.stderr


def one_line(result: Result) -> str:
    """The message of a run that failed as it should."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    (line,) = result.stderr.strip().splitlines()
    return line


def test_unknown_section(tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = one_line(gallery(out, "--only", "a1_10"))
    assert line.startswith("course: --only a1_10: no such section; there are a0, a1_1")
    assert not out.exists()


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    line = one_line(gallery(blocked / "figures", "--only", "a1_1"))
    assert "is no folder that can be written (Not a directory)" in line
    assert "give one of your own" in line
    assert blocked.read_text(encoding="utf-8") == "no folder"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--device", "tpu"], "--device tpu: there are cpu and cuda"),
        (["--source", "no/such/directory"], "load_stage_1: no directory"),
    ],
)
def test_model_that_is_not_there(tmp_path: Path, arguments: list[str], expected: str) -> None:
    assert expected in one_line(gallery(tmp_path, *arguments))


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure that cannot be written leaves nothing half done and those before it in place."""

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    line = one_line(gallery(tmp_path, "--only", "a1_1"))
    assert "a1_1_forward.png cannot be written (No space left on device)" in line
    assert list(tmp_path.iterdir()) == []


def test_pictures_have_their_own_noise() -> None:
    """A picture is the same alone and in a batch, and the same as by hand with its seed."""
    studio = Studio(kit.load_stage_1("tiny", "cpu"), timesteps=[600, 300, 0])
    batch = studio.samples(["a rocket"] * 3, [SEED, 5, 6])
    torch.manual_seed(5)
    noise = torch.randn(1, 3, 64, 64)
    by_hand = iterative_denoise(
        studio.stage_1, noise, 0, studio.embed("a rocket"), studio.timesteps
    )
    torch.testing.assert_close(batch[1:2], by_hand, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(batch[1], batch[2], atol=0.1)


def test_seeds_must_match_the_batch() -> None:
    with PictureSeeds([1, 2]), pytest.raises(ValueError, match="3 pictures, but 2 seeds"):
        torch.randn_like(torch.zeros(3, 1))


def test_large_figures_are_shrunk(tmp_path: Path) -> None:
    """A figure of much noise gets 256 colours; a small one stays as it is."""
    torch.manual_seed(0)
    large, small = tmp_path / "large.png", tmp_path / "small.png"
    noise = torch.rand(400, 400, 3)
    matplotlib.image.imsave(large, noise.numpy())
    matplotlib.image.imsave(small, noise[:50].numpy())
    before = small.read_bytes()
    shrink(large)
    shrink(small)
    assert large.stat().st_size <= LARGEST
    assert small.read_bytes() == before
    shrunk = torch.as_tensor(matplotlib.image.imread(large)[..., :3])
    assert (shrunk - noise).abs().mean() < 0.1


def test_names_are_unique() -> None:
    assert len({plan.name for plan in PLANS}) == len(PLANS)


@pytest.mark.slow
def test_every_figure(tmp_path: Path) -> None:
    """All of Part A runs with the tiny model."""
    result = gallery(tmp_path)
    assert result.exit_code == 0, result.output
    assert {path.stem for path in tmp_path.glob("*.png")} == {plan.name for plan in PLANS}
