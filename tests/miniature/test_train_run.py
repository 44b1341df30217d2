"""Runs of training at a tiny size, on the CPU."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from course.miniature.command import app
from course.miniature.config import Config, TextSizes, load_config
from course.miniature.errors import MiniatureError
from course.miniature.journal import CHECKPOINT, EXPORT, LOG, Journal
from course.miniature.material import gather
from course.miniature.pack import Pack, write_pack
from course.miniature.running import Run
from course.miniature.training import Training
from course.miniature.unet import UNetShape

CPU = torch.device("cpu")


@pytest.fixture(autouse=True, scope="module")
def short_strip() -> Iterator[None]:
    """One sample in the strip instead of twelve."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("course.miniature.material.STRIP", ("a rocket",))
        yield


def tiny_config() -> Config:
    config = load_config()
    return replace(
        config,
        unet=UNetShape((8, 8, 16, 16), (0, 0, 1, 2), 12, 16, 4),
        text=TextSizes(24, 1, 2),
        variety=replace(config.variety, captions=3),
        run=replace(config.run, batch=4, warmup=2),
    )


def whole(pack: Pack) -> Pack:
    rows = tuple({"subgroup": "tool", "keywords": ["thing"], **row} for row in pack.rows)
    return Pack(pack.rgba, rows)


def fresh(pack: Pack) -> Training:
    config = tiny_config()
    return Training(config, gather(config, whole(pack), CPU), CPU)


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def finished(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    Run(fresh(pack), Journal(folder), 1.0, 4, silent).train()
    return folder


def test_a_run_leaves_a_log_samples_a_checkpoint_and_a_pipeline(finished: Path) -> None:
    from kit import load_stage_1

    entries = [json.loads(line) for line in (finished / LOG).read_text().splitlines()]
    assert entries[-1]["images"] == 16
    assert {"seconds", "speed", "loss", "variance"} <= set(entries[0])
    assert {"images", "progress", "trained"} <= set(entries[-1])
    assert list(finished.glob("strip_*.png"))
    stage_1 = load_stage_1(finished / EXPORT, "cpu")
    assert stage_1.unet.config.out_channels == 6
    with torch.no_grad():
        text, _ = stage_1.encode_prompt("a rocket", do_classifier_free_guidance=False)
        assert stage_1.unet(torch.zeros(1, 3, 64, 64), 5, text).sample.isfinite().all()


def test_a_resumed_run_equals_one_that_was_not_stopped(pack: Pack, tmp_path: Path) -> None:
    straight = fresh(pack)
    for _ in range(4):
        straight.step(0.1)
    halted = fresh(pack)
    for _ in range(2):
        halted.step(0.1)
    halted.save(tmp_path / "half.pt")
    resumed = fresh(pack)
    resumed.resume(tmp_path / "half.pt")
    for _ in range(2):
        resumed.step(0.1)
    assert resumed.images == straight.images == 16
    for kind, vector in straight.updater.flat.items():
        assert torch.equal(vector, resumed.updater.flat[kind]), kind


def test_an_exported_model_starts_a_run_warm(finished: Path, pack: Pack) -> None:
    training = fresh(pack)
    cold = training.updater.flat["master"].clone()
    assert "optimizer starts anew" in training.resume(finished / EXPORT)
    state = torch.load(finished / CHECKPOINT, weights_only=True)
    master = training.updater.flat["master"]
    assert not torch.equal(master, cold)
    torch.testing.assert_close(master, state["flat"]["average"], atol=1e-3, rtol=1e-3)


def test_the_learning_rate_rises_holds_and_falls(pack: Pack) -> None:
    training = fresh(pack)
    assert training.factor(0.0) == 0.5
    training.steps = 10
    assert training.factor(0.2) == 1.0
    assert training.factor(0.33) == pytest.approx(1.0)
    assert training.factor(0.665) == pytest.approx(0.5)
    assert training.factor(1.2) == 0.0


def test_measuring_uses_the_average_and_leaves_the_weights(pack: Pack) -> None:
    training = fresh(pack)
    for _ in range(2):
        training.step(0.0)
    before = [parameter.clone() for parameter in training.updater.parameters]
    assert training.measure() == training.measure()
    for old, parameter in zip(before, training.updater.parameters, strict=True):
        assert torch.equal(old, parameter)


@pytest.mark.parametrize("damage", ["missing", "cut", "shape"])
def test_bad_checkpoints_are_told_in_words(
    damage: str, finished: Path, pack: Pack, tmp_path: Path
) -> None:
    file = tmp_path / "bad.pt"
    if damage == "cut":
        file.write_bytes((finished / CHECKPOINT).read_bytes()[:5000])
    elif damage == "shape":
        state = torch.load(finished / CHECKPOINT, weights_only=True)
        state["names"] = state["names"][1:]
        torch.save(state, file)
    with pytest.raises(MiniatureError, match=r"bad\.pt"):
        fresh(pack).resume(file)
    with pytest.raises(MiniatureError, match="no whole exported model"):
        fresh(pack).resume(tmp_path)


def test_a_model_of_other_words_does_not_start_a_run(
    finished: Path, pack: Pack, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished / EXPORT, tmp_path / "model")
    file = copy / "tokenizer/tokenizer.json"
    file.write_text(file.read_text().replace('"rocket"', '"racket"'))
    with pytest.raises(MiniatureError, match="words otherwise"):
        fresh(pack).resume(copy)


def test_a_full_disk_leaves_what_was_there(
    finished: Path, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("No space left on device")

    folder = shutil.copytree(finished, tmp_path / "run")
    training = fresh(pack)
    kept = (folder / CHECKPOINT).read_bytes()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(MiniatureError, match="No space left"):
        training.save(folder / CHECKPOINT)
    assert (folder / CHECKPOINT).read_bytes() == kept
    monkeypatch.setattr(
        "course.miniature.export.save_file",
        lambda *_, **__: (_ for _ in ()).throw(OSError("No space left on device")),
    )
    with pytest.raises(MiniatureError, match="No space left"):
        training.export(folder / EXPORT)
    assert (folder / EXPORT / "unet/config.json").is_file()
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in finished.iterdir())


def test_a_loss_that_is_no_number_ends_a_run(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = fresh(pack)
    monkeypatch.setattr(training, "losses", lambda: (float("nan"), 0.0))
    with pytest.raises(MiniatureError, match="lower the rates"):
        Run(training, Journal(tmp_path), 1.0, 1, silent).train()
    assert not (tmp_path / CHECKPOINT).exists()


def test_bad_configurations_are_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    for content, told in (("[run]\nspeed = 1\n", "speed"), ("[x]\n", "x"), ("[", "readable")):
        file.write_text(content)
        with pytest.raises(MiniatureError, match=told):
            load_config(file)
    with pytest.raises(MiniatureError, match="no readable"):
        load_config(tmp_path / "none.toml")


def test_the_command_trains_from_a_pack_and_tells_what_is_wrong(pack: Pack, tmp_path: Path) -> None:
    write_pack(whole(pack), tmp_path / "pack.zip")
    config = tmp_path / "tiny.toml"
    config.write_text(
        "[unet]\nchannels = [8, 8, 16, 16]\nheads = [0, 0, 1, 2]\ntime = 12\ntext = 16\n"
        "groups = 4\n[text]\ninner = 24\nlayers = 1\nheads = 2\n"
        "[variety]\ncaptions = 2\n[run]\nbatch = 2\n"
    )
    out = tmp_path / "out"
    common = ["train", str(out), "--config", str(config), "--device", "cpu", "--steps", "1"]
    result = CliRunner().invoke(app, [*common, "--pictograms", str(tmp_path / "pack.zip")])
    assert result.exit_code == 0, result.output
    assert (out / EXPORT / "model_index.json").is_file()
    result = CliRunner().invoke(app, common, env={"PICTOGRAMS": ""})
    assert result.exit_code == 2
    assert "pictograms" in result.output
