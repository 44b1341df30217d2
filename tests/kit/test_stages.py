"""Loading a pipeline: every source, and every way in which it fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from kit import DEEPFLOYD, KitError, load_stage_1, make_tiny_stage_1
from kit.hub import explain_hub_failure

WEIGHTS = "unet/diffusion_pytorch_model.fp16.safetensors"


@pytest.fixture
def copied(tiny_directory: Path, tmp_path: Path) -> Path:
    """A tiny pipeline that a test may damage."""
    return Path(shutil.copytree(tiny_directory, tmp_path / "stage_1"))


def response(status: int) -> Any:
    # The hub's client has changed its HTTP library twice; its errors read only these.
    return Mock(status_code=status, headers={})


def test_the_miniature_ships_and_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the miniature comes, in single precision, with six channels out."""
    monkeypatch.delenv("KIT_STAGE_1", raising=False)
    stage = load_stage_1(device="cpu")
    assert type(stage).__name__ == "IFPipeline"
    assert stage.unet.dtype == torch.float32
    assert stage.unet.config.out_channels == 6
    assert sum(p.numel() for p in stage.unet.parameters()) > 1e7
    assert not any(p.requires_grad for p in stage.unet.parameters())


def test_the_environment_names_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """KIT_STAGE_1=tiny makes quick runs of code that asks for no source."""
    monkeypatch.setenv("KIT_STAGE_1", "tiny")
    assert sum(p.numel() for p in load_stage_1(device="cpu").unet.parameters()) < 1e5


def test_a_tiny_pipeline_samples(tiny: Any) -> None:
    """The whole pipeline runs, from words to a picture."""
    tiny.set_progress_bar_config(disable=True)
    images = tiny("a rocket", num_inference_steps=2, output_type="pt").images
    assert images.shape == (1, 3, 64, 64)


def test_tiny_weights_are_the_same_for_a_seed(tmp_path: Path, tiny_directory: Path) -> None:
    """Same seed, same bytes; the global random state is left alone."""
    torch.manual_seed(5)
    again = make_tiny_stage_1(tmp_path / "again")
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1))
    assert (again / WEIGHTS).read_bytes() == (tiny_directory / WEIGHTS).read_bytes()


def test_deepfloyd_layout_has_the_files_that_are_loaded(deepfloyd_directory: Path) -> None:
    """Half-precision variant files, no text encoder, a scheduler that predicts the variance."""
    assert (deepfloyd_directory / WEIGHTS).is_file()
    assert not (deepfloyd_directory / "text_encoder").exists()
    scheduler = json.loads((deepfloyd_directory / "scheduler/scheduler_config.json").read_text())
    assert scheduler["variance_type"] == "learned_range"
    assert scheduler["thresholding"] is True


def test_deepfloyd_layout_gives_six_channels(deepfloyd: Any) -> None:
    """The UNet is called as DeepFloyd's is."""
    image = torch.zeros(1, 3, 64, 64)
    embeds = torch.zeros(1, 77, deepfloyd.unet.config.encoder_hid_dim)
    output = deepfloyd.unet(image, 5, encoder_hidden_states=embeds, return_dict=False)[0]
    assert output.shape == (1, 6, 64, 64)


def test_the_hub_name_is_loaded_as_the_assignment_does(
    monkeypatch: pytest.MonkeyPatch, tiny: Any
) -> None:
    """Variant fp16 and no text encoder; on a CPU, which is slow in half precision, in single."""
    asked: dict[str, Any] = {}

    def fake(name: str, **options: Any) -> Any:
        asked.update(options, name=name)
        return tiny

    monkeypatch.setattr("diffusers.IFPipeline.from_pretrained", fake)
    load_stage_1(DEEPFLOYD, device="cpu")
    assert asked == {
        "name": "DeepFloyd/IF-I-L-v1.0",
        "variant": "fp16",
        "text_encoder": None,
        "torch_dtype": torch.float32,
    }


def test_the_hub_name_is_found_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deepfloyd_directory: Path
) -> None:
    """The real from_pretrained, with what a download of the half-precision variant leaves."""
    revision = "0123456789abcdef0123456789abcdef01234567"
    model = tmp_path / "models--DeepFloyd--IF-I-L-v1.0"
    shutil.copytree(deepfloyd_directory, model / "snapshots" / revision)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(revision, encoding="utf-8")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    pipeline = load_stage_1(DEEPFLOYD, device="cpu")
    assert pipeline.text_encoder is None
    assert pipeline.unet.config.out_channels == 6


@pytest.mark.parametrize("source", ["/nowhere/at/all", "nowhere", "a/b/c"])
def test_a_missing_directory_is_named(source: str) -> None:
    """The message says what could be given instead."""
    with pytest.raises(KitError, match=f"no directory '{source}'.*miniature"):
        load_stage_1(source)


def test_offloading_needs_a_gpu() -> None:
    """The option makes no sense on the CPU, and says so before anything loads."""
    with pytest.raises(KitError, match="needs a GPU"):
        load_stage_1("tiny", device="cpu", cpu_offload=True)


def test_a_directory_without_an_index_is_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"no IFPipeline.*model_index\.json"):
        load_stage_1(tmp_path)


def test_an_unreadable_index_is_reported(copied: Path) -> None:
    (copied / "model_index.json").write_text("{")
    with pytest.raises(KitError, match="not readable JSON"):
        load_stage_1(copied)


def test_another_pipeline_is_refused(copied: Path) -> None:
    """The class is read from the index, not guessed from the files."""
    (copied / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(KitError, match="holds a StableDiffusionPipeline"):
        load_stage_1(copied)


def test_missing_weights_are_reported(copied: Path) -> None:
    (copied / WEIGHTS).unlink()
    with pytest.raises(KitError, match=r"no \.safetensors file"):
        load_stage_1(copied)


@pytest.mark.parametrize("kept", [0, 5, 100, -10])
def test_truncated_weights_are_told_with_their_sizes(copied: Path, kept: int) -> None:
    """Cut in the length, the header or the data: the file is named either way."""
    whole = (copied / WEIGHTS).read_bytes()
    (copied / WEIGHTS).write_bytes(whole[:kept])
    with pytest.raises(KitError, match=r"fp16\.safetensors (is damaged|is no safetensors)"):
        load_stage_1(copied)


def test_weights_of_another_shape_are_reported(copied: Path) -> None:
    """A config.json that does not go with its weights."""
    config = copied / "unet/config.json"
    settings = json.loads(config.read_text())
    settings["cross_attention_dim"] = 48
    config.write_text(json.dumps(settings))
    with pytest.raises(KitError, match=r"do not fit their config\.json") as caught:
        load_stage_1(copied)
    assert "\n" not in str(caught.value)


def test_a_unet_without_variance_is_refused(copied: Path, tiny: Any) -> None:
    """Three channels out leave nothing for add_variance."""
    from diffusers import UNet2DConditionModel

    small = UNet2DConditionModel.from_config({**tiny.unet.config, "out_channels": 3})
    small.save_pretrained(copied / "unet", variant="fp16")
    with pytest.raises(KitError, match="3 in and 6 out"):
        load_stage_1(copied)


def gated() -> Exception:
    return GatedRepoError("access to model is restricted", response=response(403))


def unknown() -> Exception:
    return RepositoryNotFoundError("404", response=response(404))


def wrapped() -> Exception:
    error = OSError("cannot load model")
    error.__cause__ = LocalEntryNotFoundError("not cached")
    return error


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (gated(), "accept its licence.*HF_TOKEN"),
        (unknown(), "neither a directory here nor a model"),
        (HfHubHTTPError("401 Client Error", response=response(401)), "log in"),
        (wrapped(), "check the network"),
        (ConnectionError("no route"), "check the network"),
        (OSError("the model is not fully cached locally"), "check the network"),
        (torch.OutOfMemoryError("CUDA out of memory"), "cpu_offload=True"),
        (OSError(28, "No space left on device"), "set HF_HOME to a folder on a larger disk"),
        (ValueError("odd\nthing"), r"did not load \(ValueError: odd thing\)"),
    ],
    ids=[
        "gated",
        "unknown",
        "no-token",
        "not-cached",
        "no-network",
        "diffusers",
        "memory",
        "full-disk",
        "other",
    ],
)
def test_each_failure_of_the_hub_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: Exception, advice: str
) -> None:
    """Whatever from_pretrained raises comes out as one line with the next step."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("diffusers.IFPipeline.from_pretrained", refuse)
    with pytest.raises(KitError, match=advice) as caught:
        load_stage_1(DEEPFLOYD, device="cpu")
    assert "\n" not in str(caught.value)


def test_offline_mode_is_told_from_a_dead_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The real from_pretrained, with HF_HUB_OFFLINE and an empty cache."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(KitError, match=r"HF_HUB_OFFLINE is set.*miniature"):
        load_stage_1(DEEPFLOYD, device="cpu")


def test_gated_comes_before_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks the licence is told of the licence."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "licence" in explain_hub_failure(DEEPFLOYD, gated())
