"""Where an answer's tensors and modules are: on the device `meta`, which every machine has."""

from __future__ import annotations

import pytest
import torch

from autograder.oracles import training
from autograder.served import FakeStage
from autograder.subject import LocalSubject

SOURCE = """
class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layer = nn.Linear(n, n)
    def where(self, x):
        return str(x.device)
    def forward(self, x):
        return str(self.layer.weight.device)

def arrived(x, batches, table):
    return [str(v.device) for v in (x, batches[0][1], table["a"])]

def own(x):
    return str(torch.randn(3).device)

def unet_of(stage_1, unet):
    return [str(stage_1.device), str(stage_1.unet.device), str(next(unet.parameters()).device)]

def array(x):
    return type(x).__name__
"""


def subject(device: str) -> LocalSubject:
    made = LocalSubject(device)
    made.define(SOURCE)
    return made


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_tensors_arrive_on_the_device(device: str) -> None:
    student = subject(device)
    assert student.device == device
    x = torch.zeros(2)
    assert student.call("arrived", x, [(x, x)], {"a": x}) == [device] * 3
    assert x.device == torch.device("cpu")


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_tensors_that_name_no_device_are_made_there(device: str) -> None:
    assert subject(device).call("own", 0) == device
    assert torch.zeros(1).device == torch.device("cpu")


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_modules_are_made_there(device: str) -> None:
    module = subject(device).new("Net", 3)
    assert module(torch.zeros(1, 3)) == device


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_what_is_served_says_that_it_is_there(device: str) -> None:
    unet = training.served(conditioned=True)
    assert subject(device).call("unet_of", FakeStage(), unet) == [device] * 3


def test_arrays_stay_arrays() -> None:
    assert subject("meta").call("array", torch.zeros(2).numpy()) == "ndarray"
