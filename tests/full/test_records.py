"""Recorded trainings: read safely, proved by the code, refused where they were not made by it."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from autograder.full import checkpoint, proof
from autograder.full.checkpoint import Record, RecordError, read_record, record_path
from autograder.full.digits import PLAIN, digits_of
from autograder.full.pieces import RUNS, text_of
from autograder.full.presets import Preset
from autograder.full.proving import prove, proved_findings
from autograder.full.running import Bench
from autograder.subject import LocalSubject
from course.kit.errors import KitError
from course.kit.record import TrainingRecord, recorded_epochs, training_seed
from tests.full.conftest import record_of

Answers = Mapping[str, str | None]
LATE = "    unet.train()\n"


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest record of ada's."""
    return record_of("ada", tmp_path_factory.mktemp("ada"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest record of bob's."""
    return record_of("bob", tmp_path_factory.mktemp("bob"), seed=2)


def read(path: Path, preset: Preset, student: str = "ada") -> Record:
    return read_record(path, "class", preset.recipes["class"], student)


def proved(record: Record, preset: Preset, answers: Answers, epoch: int) -> dict[str, float]:
    bench = Bench(
        LocalSubject(), RUNS["class"], preset, digits_of(preset, PLAIN), PLAIN,
        training_seed("ada", "b2_5"),
    )  # fmt: skip
    return prove(bench, text_of(RUNS["class"], answers, frozenset(answers)), record, epoch)


def again(
    path: Path, folder: Path, change: Callable[[dict[str, Tensor], dict[str, Any]], None]
) -> Path:
    """A copy of a record with something changed."""
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["training"])
    change(tensors, about)
    changed = folder / path.name
    save_file(tensors, changed, metadata={"training": json.dumps(about)})
    return changed


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_an_honest_record_is_proved_at_every_epoch(
    epoch: int, handed_in: Path, preset: Preset, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Twelve steps of a network of a few hundred parameters scatter more than a real training.
    monkeypatch.setattr(proof, "FARTHEST", 1.6)
    found = proved(read(handed_in, preset), preset, answers, epoch)
    assert found["distance"] == pytest.approx(1, abs=0.6)
    assert found["likeness"] > 0.9


def test_a_record_is_measured_like_a_training(
    handed_in: Path, preset: Preset, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "FARTHEST", 1.6)
    run = RUNS["class"]
    bench = Bench(LocalSubject(), run, preset, digits_of(preset, PLAIN), PLAIN, 9)
    text = text_of(run, answers, frozenset(answers))
    found = proved_findings(bench, text, read(handed_in, preset), "ada")
    assert [f.status for f in found] == ["passed", "passed"], found
    assert {"class", "no class", "right", "distance", "likeness"} <= set(found[0].values)


def test_anothers_record_is_refused_under_any_name(
    others: Path, tmp_path: Path, preset: Preset, answers: Answers
) -> None:
    with pytest.raises(RecordError, match="recorded under another name than 'ada'"):
        read(others, preset)
    renamed = again(others, tmp_path, lambda _, about: about.update(student="ada"))
    with pytest.raises(RecordError, match="first state that belongs to your name"):
        proved(read(renamed, preset), preset, answers, 0)


def test_anothers_final_weights_are_refused(
    handed_in: Path, others: Path, tmp_path: Path, preset: Preset, answers: Answers
) -> None:
    final = {k: v for k, v in load_file(others).items() if k.startswith("after.2/")}
    copied = again(handed_in, tmp_path, lambda tensors, _: tensors.update(final))
    with pytest.raises(RecordError, match="first state that belongs to your name"):
        proved(read(copied, preset), preset, answers, 0)


def test_an_end_that_the_code_does_not_reach_is_refused(
    handed_in: Path, tmp_path: Path, preset: Preset, answers: Answers
) -> None:
    def nudge(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
        for key, value in tensors.items():
            if key.startswith("after.2/") and value.dim() > 1:
                value += 0.05 * torch.randn(value.shape)

    nudged = again(handed_in, tmp_path, nudge)
    with pytest.raises(RecordError, match="led elsewhere"):
        proved(read(nudged, preset), preset, answers, 2)


@pytest.mark.parametrize("rate", ["lr=100 * lr", "lr=lr / 100"])
def test_a_record_of_other_code_is_refused(
    rate: str, handed_in: Path, preset: Preset, answers: Answers
) -> None:
    other = str(answers["b2_5_train"]).replace("lr=lr", rate)
    with pytest.raises(RecordError, match="led elsewhere"):
        proved(read(handed_in, preset), preset, {**answers, "b2_5_train": other}, 1)


def test_code_that_ends_early_is_refused(handed_in: Path, preset: Preset, answers: Answers) -> None:
    short = str(answers["b2_5_train"]).replace("range(num_epochs)", "range(1)")
    with pytest.raises(RecordError, match="as many epochs"):
        proved(read(handed_in, preset), preset, {**answers, "b2_5_train": short}, 2)


def test_a_network_that_starts_from_nothing_is_refused(
    handed_in: Path, preset: Preset, answers: Answers
) -> None:
    network = str(answers["b2_4_class_unet"])
    lost = network.replace("d = num_hiddens", "d = num_hiddens\n        self.lost = nn.Parameter("
                           "torch.full((2, 2), float('nan')))")  # fmt: skip
    assert lost != network
    with pytest.raises(RecordError, match="finite numbers"):
        proved(read(handed_in, preset), preset, {**answers, "b2_4_class_unet": lost}, 0)


def test_another_network_is_refused(handed_in: Path, preset: Preset, answers: Answers) -> None:
    network = str(answers["b2_4_class_unet"])
    other = network.replace("d = num_hiddens", "d = num_hiddens + 1")
    assert other != network
    with pytest.raises(RecordError, match="another network than the submitted one"):
        proved(read(handed_in, preset), preset, {**answers, "b2_4_class_unet": other}, 0)


def _without_end(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
    for key in [key for key in tensors if key.startswith("after.2/")]:
        del tensors[key]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t, _: t.update(other=torch.zeros(1)), "no part of a record"),
        (lambda t, _: t.update({"after.1/x": torch.zeros(1)}), None),
        (lambda t, _: t.update({"after.7/x": torch.zeros(1)}), "no part of a record"),
        (lambda t, _: t.update({"after.0/x": torch.zeros(1).half()}), "of type F16"),
        (lambda t, _: t["after.0/last.bias"].fill_(float("nan")), "not finite"),
        (_without_end, "lacks what was recorded in epoch 3"),
        (lambda _, about: about.update(lr=0.1), "lr is 0.1, and 0.001 in the assignment"),
        (lambda _, about: about.update(num_epochs=10**9), "num_epochs is 1000000000, and 3"),
        (lambda _, about: about.update(batch_size=True), "batch_size is True"),
        (lambda _, about: about.update(name="b2_2"), "another section"),
        (lambda _, about: about.update(format=2), "holds no record"),
    ],
)
def test_what_is_wrong_with_a_record_is_said(
    change: Any, told: str | None, handed_in: Path, tmp_path: Path, preset: Preset
) -> None:
    changed = again(handed_in, tmp_path, change)
    if told is None:  # a tensor of a recorded epoch is for the network to judge
        assert "x" in read(changed, preset).links[1].after
        return
    with pytest.raises(RecordError, match=told):
        read(changed, preset)


def test_damaged_files_are_refused(
    handed_in: Path, tmp_path: Path, preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = handed_in.read_bytes()
    final = {k.partition("/")[2]: v for k, v in load_file(handed_in).items() if "after.2" in k}
    save_file(final, tmp_path / "weights.safetensors")
    contents = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "pickle": pickle.dumps({"weights": [1.0]}),
        "header": (2**62).to_bytes(8, "little") + whole[8:],
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(content)
        with pytest.raises(RecordError, match="damaged or no safetensors file"):
            read(path, preset)
    with pytest.raises(RecordError, match="weights alone do not show"):
        read(tmp_path / "weights.safetensors", preset)
    (tmp_path / "link.safetensors").symlink_to(handed_in)
    with pytest.raises(RecordError, match="not a plain file"):
        read(tmp_path / "link.safetensors", preset)
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(RecordError, match="not a plain file"):
        read(tmp_path / "pipe.safetensors", preset)
    monkeypatch.setattr(checkpoint, "MAX_BYTES", 2**10)
    with pytest.raises(RecordError, match="MiB, more than"):
        read(handed_in, preset)


def test_records_lie_beside_the_notebook(tmp_path: Path) -> None:
    notebook = tmp_path / "part_b.ipynb"
    assert record_path(notebook, "class") is None
    (tmp_path / "b2_5.safetensors").write_bytes(b"")
    assert record_path(notebook, "class") == tmp_path / "b2_5.safetensors"
    assert record_path(notebook, "denoiser") is None


def test_a_training_that_did_not_end_is_not_saved(tmp_path: Path) -> None:
    record = TrainingRecord("ada", "b2_5", 2)
    with pytest.raises(KitError, match="0 of 2 epochs"):
        record.save(tmp_path)
    with pytest.raises(KitError, match="at least one epoch"):
        TrainingRecord("ada", "b2_5", 0)
    with pytest.raises(KitError, match="one of b2_2, b2_5"):
        TrainingRecord("ada", "b1_2", 5)


def test_seeds_belong_to_names() -> None:
    assert training_seed("ada", "b2_5") == training_seed("ada", "b2_5")
    assert len({training_seed(s, n) for s in ("ada", "bob") for n in ("b2_2", "b2_5")}) == 4
    assert [recorded_epochs(n) for n in (1, 2, 20)] == [[0], [0, 1], [0, 10, 19]]
