"""On a GPU: do kernels and graphs compute what the readable loops compute?"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from course.fast import (
    DDPMSetting,
    DenoiserSetting,
    ddpm,
    denoiser,
    train_ddpm_fast,
    train_denoiser_fast,
)
from course.fast.graphs import GraphTrainer
from course.fast.predictor import Predictor
from course.fast.stepping import make_trainer
from solutions.ddpm import ddpm_forward, ddpm_schedule
from solutions.training import train_ddpm, train_denoiser
from solutions.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
COUNT, BATCH, D, T = 104, 16, 16, 12


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """No TF32, the pictures in order; seven batches, six of them by a graph."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    for module in (denoiser, ddpm):
        monkeypatch.setattr(module, "shuffled", lambda *_: torch.arange(COUNT, device="cuda"))


@pytest.fixture
def images() -> Tensor:
    """Random pictures on the GPU."""
    return torch.rand(COUNT, 1, 28, 28, generator=torch.Generator().manual_seed(1)).cuda()


def pair(make: type[nn.Module], *arguments: int) -> list[nn.Module]:
    """Two nets with the same weights."""
    nets = []
    for _ in range(2):
        torch.manual_seed(3)
        nets.append(make(*arguments).cuda())
    return nets


def test_the_trainer_on_a_gpu_is_the_one_with_graphs(images: Tensor) -> None:
    net = pair(UnconditionalUNet, 1, D)[0]
    assert isinstance(make_trainer(net, lambda i: i, BATCH, 1e-3, True), GraphTrainer)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("kind", ["none", "time", "class"])
def test_a_graph_without_noise_trains_as_the_readable_loop(
    images: Tensor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random numbers of a group are drawn at once, so the comparison takes none."""
    monkeypatch.setattr(torch, "randn_like", torch.ones_like)
    monkeypatch.setattr(torch, "rand", lambda *size, **k: torch.full(size, 0.5, **k))
    monkeypatch.setattr(torch, "randint", lambda low, high, size, **k: torch.full(size, 5, **k))
    labels = torch.arange(COUNT, device="cuda") % 10
    batches = [(images[i], labels[i]) for i in torch.arange(COUNT).split(BATCH)]
    schedule = {k: v.cuda() for k, v in ddpm_schedule(1e-4, 0.02, T).items()}
    setting = DDPMSetting(T, BATCH, 2, 1e-3, bf16=False)
    if kind == "none":
        nets = pair(UnconditionalUNet, 1, D)
        plain = train_denoiser(nets[0], batches, 0.5, 2, 1e-3)
        fast = train_denoiser_fast(
            nets[1], images, DenoiserSetting(0.5, BATCH, 2, 1e-3, bf16=False)
        )
    elif kind == "time":
        nets = pair(TimeConditionalUNet, 1, 10, D)
        plain = time_only(nets[0], schedule, [x for x, _ in batches])
        fast = train_ddpm_fast(nets[1], schedule, images, None, setting)
    else:
        nets = pair(ClassConditionalUNet, 1, 10, D)
        plain = train_ddpm(nets[0], schedule, batches, T, 2, 1e-3, 0.1)
        fast = train_ddpm_fast(nets[1], schedule, images, labels, setting)
    # Sums in another order; after some steps Adam makes more of it.
    assert fast[:8] == pytest.approx(plain[:8], rel=1e-3)
    assert fast == pytest.approx(plain, rel=3e-2)


def time_only(unet: nn.Module, schedule: dict[str, Tensor], batches: list[Tensor]) -> list[float]:
    """The readable loss with the readable loop's optimizer and rate, two epochs."""
    optimizer = torch.optim.Adam(unet.parameters(), lr=1e-3)
    decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.1**0.5)
    losses = []
    for _ in range(2):
        for x in batches:
            loss = ddpm_forward(unet, schedule, x, T)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        decay.step()
    return losses


@pytest.mark.parametrize("classes", [True, False])
def test_predictions_agree_with_the_network(classes: bool) -> None:
    """Batch norm folded, work shared between the halves, kernels: float32, in evaluation mode."""
    unet = pair(ClassConditionalUNet if classes else TimeConditionalUNet, 1, 10, D)[0].eval()
    digits, x = torch.arange(6, device="cuda"), torch.randn(6, 1, 28, 28, device="cuda")
    with torch.no_grad():
        found = Predictor(unet, T, digits if classes else None, torch.float32)(
            x, torch.tensor([5], device="cuda")
        )
        t = torch.full((6,), 5 / T, device="cuda")
        masks = [torch.full((6,), kept, device="cuda") for kept in (0.0, 1.0)]
        expected = torch.cat([unet(x, digits, t, mask=m) for m in masks]) if classes else unet(x, t)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
