"""Fork servers that come from one that has imported everything: as good as one of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import LEVELS, ForkServerError, ForkServerHandle, RemoteSubject
from autograder.worker.confine import Caps
from tests.sandbox.conftest import needs
from tests.sandbox.processes import below

ROOT = Path(__file__).resolve().parents[2]
ANSWER = "def f(x):\n    return 2 * x\n"


@pytest.fixture(scope="module")
def first(level: str) -> Iterator[ForkServerHandle]:
    with ForkServerHandle(level, wait=False) as handle:
        yield handle


@pytest.fixture(scope="module", params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    needs(request.param)
    return str(request.param)


def doubled(server: ForkServerHandle) -> object:
    student = RemoteSubject(server, 60.0, Caps())
    try:
        student.define(ANSWER)
        return student.call("f", 4)
    finally:
        student.close()


def test_each_fork_serves_workers(first: ForkServerHandle, level: str) -> None:
    controls = [first.split() for _ in range(2)]
    servers = [ForkServerHandle.adopt(level, control) for control in controls]
    assert [doubled(server) for server in servers] == [8, 8]
    pids = {server.process.pid for server in servers}
    assert len(pids) == 2
    assert pids <= below(first.process.pid)
    servers[0].close()
    assert doubled(servers[1]) == 8
    servers[1].close()
    assert not pids & below(first.process.pid)


def test_a_fork_that_dies_takes_nothing_with_it(first: ForkServerHandle, level: str) -> None:
    dying, other = (ForkServerHandle.adopt(level, first.split()) for _ in range(2))
    os.kill(dying.process.pid, signal.SIGKILL)
    with pytest.raises(ForkServerError):
        doubled(dying)
    dying.close()
    assert doubled(other) == 8
    other.close()


def test_a_fork_of_what_does_not_start_is_an_error(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.sandbox.jail.python_command", lambda *_: ["/bin/false"])
    with ForkServerHandle(level, wait=False) as broken:
        try:
            control = broken.split()
        except ForkServerError:
            return  # it was gone already
        with pytest.raises(ForkServerError):
            ForkServerHandle.adopt(level, control)


SELDOM = """
import sys
sys.path.insert(0, "autograder")
from worker import warming
warming.warm_up()
import torch
waiting = lambda name: type(sys.modules[name]) is not type(sys)
layer = torch.nn.Linear(2, 1)
for kind in (torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW):
    optimizer = kind(layer.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    before = layer.weight.detach().clone()
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step(); schedule.step(); optimizer.zero_grad()
    assert not torch.equal(before, layer.weight)
assert waiting("torch._dynamo") and waiting("torchvision.models"), "a slow half was loaded"
print(float(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1))))
assert not waiting("torch._dynamo")
import torchvision, torchvision.models.resnet
from torchvision.models import *
assert resnet18 is torchvision.models.resnet.resnet18
from torchvision import datasets
from torchvision.io import read_image
print(datasets.MNIST.__name__, torchvision.ops.nms.__name__, read_image.__name__)
try:
    torchvision.transforms.nothing
except AttributeError:
    print("no such name")
"""


def test_what_answers_seldom_use_is_loaded_when_they_do() -> None:
    """Do torchvision, optimizers and the compiler work, though half is loaded when asked for?"""
    command = [sys.executable, "-c", SELDOM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:3] == ["2.0", "MNIST nms read_image", "no such name"]
