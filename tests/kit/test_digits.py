"""The digits: MNIST in each layout, the embedded set, and files that are damaged."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import pytest
import torch
from kit import KitError, idx, load_digits, paths
from kit.idx import parse_idx
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import DataLoader


def to_idx(values: Tensor) -> bytes:
    head = struct.pack(f">BBBB{values.dim()}I", 0, 0, 8, values.dim(), *values.shape)
    return head + values.numpy().tobytes()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any digits; the working directory is a new one."""
    monkeypatch.delenv("MNIST_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "HERE", tmp_path / "repository" / "course" / "kit")
    monkeypatch.setattr(paths, "DIGITS", tmp_path / "digits.safetensors")
    return tmp_path


@pytest.fixture
def four_files(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four small files of MNIST's names, taken for the originals."""
    folder = nowhere / "mnist"
    folder.mkdir()
    known = {}
    for part, count in (("train", 7), ("t10k", 3)):
        images = torch.full((count, 28, 28), 255 if part == "train" else 51, dtype=torch.uint8)
        labels = torch.arange(count, dtype=torch.uint8)
        for name, values in (("images-idx3", images), ("labels-idx1", labels)):
            packed = gzip.compress(to_idx(values), mtime=0)
            (folder / f"{part}-{name}-ubyte.gz").write_bytes(packed)
            known[f"{part}-{name}-ubyte.gz"] = hashlib.md5(packed).hexdigest()
    monkeypatch.setattr(idx, "FILES", known)
    return folder


@pytest.fixture
def embedded(nowhere: Path) -> Path:
    """The embedded set: 12 digits."""
    # Digit k has grey level k in both pixels of every byte: 17 k after unpacking.
    packed = (torch.arange(12, dtype=torch.uint8) * 17)[:, None, None].expand(12, 28, 14)
    stored = {"packed": packed.contiguous(), "labels": torch.arange(12) % 10}
    save_file(stored, nowhere / "digits.safetensors")
    return nowhere / "digits.safetensors"


def test_the_four_files_are_read(four_files: Path) -> None:
    digits = load_digits("mnist", four_files)
    x, label = digits[6]
    assert (digits.name, len(digits), label) == ("MNIST", 7, 6)
    assert torch.equal(x, torch.ones(1, 28, 28))
    assert float(load_digits("mnist", four_files, train=False)[0][0].max()) == pytest.approx(0.2)


def test_they_are_found_where_torchvision_puts_them(four_files: Path, nowhere: Path) -> None:
    """<root>/MNIST/raw, gzipped."""
    raw = nowhere / "root" / "MNIST" / "raw"
    raw.parent.mkdir(parents=True)
    four_files.rename(raw)
    assert len(load_digits("mnist", nowhere / "root")) == 7


def test_torchvision_s_unpacked_files_are_read(nowhere: Path) -> None:
    """<root>/MNIST/raw after a download, without the packed files."""
    raw = nowhere / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(to_idx(torch.zeros(2, 28, 28).byte()))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(to_idx(torch.tensor([4, 2]).byte()))
    digits = load_digits()
    assert (digits.name, digits[1][1]) == ("MNIST", 2)


def test_the_environment_names_the_folder(
    four_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(four_files))
    assert load_digits().name == "MNIST"


def test_development_data_beside_the_repository_is_found(four_files: Path, nowhere: Path) -> None:
    shared = nowhere / "shared" / "data"
    shared.mkdir(parents=True)
    four_files.rename(shared / "mnist")
    assert load_digits().name == "MNIST"


def test_batches_are_floats_in_range(four_files: Path) -> None:
    x, labels = next(iter(DataLoader(load_digits("mnist", four_files), batch_size=4)))
    assert (x.shape, x.dtype, labels.dtype) == ((4, 1, 28, 28), torch.float32, torch.int64)


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_is_named(four_files: Path, damage: str) -> None:
    """By its md5, also where it still unpacks."""
    file = four_files / "train-images-idx3-ubyte.gz"
    other = gzip.compress(to_idx(torch.zeros(7, 28, 28).byte()), mtime=0)
    file.write_bytes(file.read_bytes()[:40] if damage == "cut" else other)
    with pytest.raises(KitError, match=r"train-images-idx3-ubyte\.gz is damaged .*download it"):
        load_digits("mnist", four_files)


def test_missing_files_are_named(four_files: Path) -> None:
    (four_files / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(KitError, match=r"a part of MNIST only, t10k-labels.*download=True"):
        load_digits("mnist", four_files)


def test_unpacked_files_that_are_cut_are_an_error(nowhere: Path) -> None:
    raw = nowhere / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in idx.FILES:
        (raw / name.removesuffix(".gz")).write_bytes(to_idx(torch.zeros(2, 28, 28).byte())[:99])
    with pytest.raises(KitError, match=r"MNIST in data is damaged.*download=True"):
        load_digits("mnist")


def test_a_download_replaces_damaged_files(
    four_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only where it is asked for."""
    (four_files / "train-images-idx3-ubyte.gz").write_bytes(b"cut")

    def download(self: object) -> None:
        raw = four_files / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for part in ("train", "t10k"):
            (raw / f"{part}-images-idx3-ubyte").write_bytes(to_idx(torch.zeros(5, 28, 28).byte()))
            (raw / f"{part}-labels-idx1-ubyte").write_bytes(to_idx(torch.arange(5).byte()))

    monkeypatch.setattr("torchvision.datasets.MNIST.download", download)
    with pytest.raises(KitError, match=r"damaged.*download=True"):
        load_digits("mnist", four_files)
    assert len(load_digits("mnist", four_files, download=True)) == 5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x00\x00", "not an idx file"),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x00", "not an idx file"),
        (b"\x00\x00\x08\x03\x00\x00", "header is cut short"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x05abc", "3 values where"),
    ],
)
def test_bytes_that_are_no_idx_file(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_idx(data)


def test_the_embedded_digits_say_that_they_are_not_mnist(embedded: Path) -> None:
    """By a warning and by name; one in six is for testing, the rest for training."""
    with pytest.warns(UserWarning, match=r"not MNIST.*10 of them"):
        train = load_digits("embedded")
    with pytest.warns(UserWarning, match=r"not MNIST.*2 of them"):
        test = load_digits(train=False)
    assert "not MNIST" in train.name
    assert [label for _, label in (test[i] for i in range(2))] == [5, 1]
    assert float(test[1][0].max()) == pytest.approx(11 * 17 / 255)
    assert not set(train.images[:, 0, 0].tolist()) & set(test.images[:, 0, 0].tolist())


def test_mnist_is_preferred_to_the_embedded_digits(four_files: Path, embedded: Path) -> None:
    assert load_digits(root=four_files).name == "MNIST"


def test_asking_for_mnist_never_gives_other_digits(embedded: Path) -> None:
    with pytest.raises(KitError, match=r"no MNIST in .*download=True"):
        load_digits("mnist")


def test_no_digits_at_all_is_an_error(nowhere: Path) -> None:
    with pytest.raises(KitError, match=r"no MNIST in data.*MNIST_ROOT"):
        load_digits()
    with pytest.raises(KitError, match="is not there"):
        load_digits("embedded")


def test_a_damaged_embedded_file_is_an_error(nowhere: Path) -> None:
    (nowhere / "digits.safetensors").write_bytes(b"nothing")
    with pytest.raises(KitError, match="cannot be read"):
        load_digits("embedded")
    save_file(
        {"packed": torch.zeros(3, 5), "labels": torch.zeros(3)}, nowhere / "digits.safetensors"
    )
    with pytest.raises(KitError, match=r"no \(N, 28, 14\) bytes"):
        load_digits("embedded")


def test_a_download_without_network_is_explained(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever torchvision raises when no mirror answers."""

    def refuse(*_: object) -> None:
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr("torchvision.datasets.MNIST.download", refuse)
    with pytest.raises(KitError, match=r"could not be downloaded to data.*by hand"):
        load_digits("mnist", download=True)


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(KitError, match="unknown source 'cifar'"):
        load_digits("cifar")
