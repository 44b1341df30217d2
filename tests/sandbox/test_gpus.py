"""Which cards are found, and what a jail opens for them: files that look like the driver's."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.sandbox import gpus, jail
from autograder.sandbox.gpus import Gpu

INFORMATION = """Model: \t\t NVIDIA H100 80GB HBM3
IRQ:   \t\t 52
GPU UUID: \t GPU-{uuid}-1111-2222-3333-444444444444
Video BIOS: \t 96.00.99.00.01
Bus Type: \t PCIe
Device Minor: \t {minor}
GPU Excluded:\t No
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver with three cards, the numbers of whose nodes are not in the order of the bus."""
    for bus, uuid, minor in (("0000:1b", "aaaa", 2), ("0000:43", "abbb", 0), ("0000:52", "c", 1)):
        folder = tmp_path / f"{bus}:00.0"
        folder.mkdir()
        text = INFORMATION.format(uuid=uuid, minor=minor)
        (folder / "information").write_text(text, encoding="utf-8")
    monkeypatch.setattr(gpus, "_is_device", lambda path: path != "/dev/nvidia1")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def test_cards_come_in_the_order_of_the_bus(driver: Path) -> None:
    found = gpus.installed(driver)
    assert [gpu.minor for gpu in found] == [2, 0, 1]
    assert found[0].uuid == "GPU-aaaa-1111-2222-3333-444444444444"
    assert found[0].model == "NVIDIA H100 80GB HBM3"


def test_a_card_without_a_node_is_not_visible(driver: Path) -> None:
    assert [gpu.minor for gpu in gpus.visible(driver)] == [2, 0]


@pytest.mark.parametrize(
    ("wanted", "minors"),
    [
        ("", []),
        ("1", [0]),
        ("1,0", [0, 2]),
        ("0,0", [2]),
        ("0,7,1", [2]),
        ("-1", []),
        ("GPU-abbb", [0]),
        ("GPU-a", []),
        (" 0 , 1 ", [2, 0]),
    ],
)
def test_the_environment_chooses_as_it_does_for_cuda(
    driver: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, minors: list[int]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wanted)
    assert [gpu.minor for gpu in gpus.visible(driver)] == minors


@pytest.mark.parametrize("text", ["", "GPU UUID: x\nDevice Minor: 0", "GPU UUID: GPU-1\n"])
def test_what_the_driver_does_not_say_is_no_card(tmp_path: Path, text: str) -> None:
    (tmp_path / "0000:1b:00.0").mkdir()
    (tmp_path / "0000:1b:00.0" / "information").write_text(text, encoding="utf-8")
    assert gpus.installed(tmp_path) == ()
    assert gpus.installed(tmp_path / "nothing") == ()


CARD = Gpu("GPU-abc", 3, "a card")


def test_only_workers_with_a_card_see_device_nodes() -> None:
    plain = jail.bubblewrap_command("bwrap", ["true"])
    with_card = jail.bubblewrap_command("bwrap", ["true"], CARD)
    assert not [word for word in plain if "nvidia" in word or word.startswith("/sys")]
    nodes = {word for word in with_card if word.startswith("/dev/nvidia")}
    assert nodes == {*gpus.SHARED_NODES, "/dev/nvidia3"}
    assert with_card.index("/dev/nvidia3") > with_card.index("--dev")


def test_only_workers_with_a_card_have_one_in_their_environment() -> None:
    assert jail.environment()["CUDA_VISIBLE_DEVICES"] == ""
    assert jail.environment(CARD)["CUDA_VISIBLE_DEVICES"] == "GPU-abc"
    assert not [path for path in jail.landlock_readable() if path in gpus.READABLE]
    assert set(gpus.READABLE) < set(jail.landlock_readable(CARD))
