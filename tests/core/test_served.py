"""Served objects against the real ones: diffusers' scheduler, plain autograd."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler
from torch import nn

from autograder.served import FakeStage, ServedModule, cosine_tables
from autograder.subject import StudentError
from tests.core.support import answer

STRIDED = list(range(990, -1, -30))


@pytest.fixture(scope="module")
def scheduler() -> Any:
    return DDPMScheduler(
        1000, beta_schedule="squaredcos_cap_v2", variance_type="learned_range", clip_sample=False
    )


def test_the_schedule_is_that_of_diffusers(scheduler: Any) -> None:
    betas, alphas, bar = cosine_tables()
    torch.testing.assert_close(betas, scheduler.betas, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(alphas, scheduler.alphas, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(bar, scheduler.alphas_cumprod, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("t", [*STRIDED[::4], STRIDED[-2], STRIDED[-1]])
def test_the_variance_is_that_of_diffusers(scheduler: Any, t: int) -> None:
    """Diffusers looks the previous timestep up in the timesteps that were set, as we do."""
    scheduler.set_timesteps(timesteps=STRIDED)
    stage = FakeStage()
    predicted = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
    theirs = scheduler._get_variance(t, predicted_variance=predicted)
    ours = stage.log_variance(predicted, t, STRIDED)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_add_variance_adds_noise_of_that_variance(scheduler: Any) -> None:
    source = """
        def f(stage_1, predicted, image):
            stage_1.scheduler.set_timesteps(timesteps=list(range(990, -1, -30)))
            return add_variance(stage_1, predicted, 690, image)
    """
    stage, zeros = FakeStage(), torch.zeros(2, 3, 64, 64)
    out = answer(source).call("f", stage, zeros, zeros)
    scheduler.set_timesteps(timesteps=STRIDED)
    std = float((0.5 * scheduler._get_variance(690, predicted_variance=torch.tensor(0.0))).exp())
    call = stage.variance_calls[0]
    assert call.t == 690
    torch.testing.assert_close(out, std * call.noise, rtol=1e-3, atol=1e-6)
    # Six standard errors of 24,576 draws: a false alarm once in 5e8 runs.
    assert abs(float(out.std()) / std - 1) < 6 / (2 * out.numel()) ** 0.5


def test_the_unet_answers_each_picture_by_itself_and_logs_it() -> None:
    source = """
        def f(stage_1, x, embeds):
            with torch.no_grad():
                return stage_1.unet(x, 30, encoder_hidden_states=embeds, return_dict=False)[0]
    """
    stage = FakeStage(seed=3)
    x, embeds = torch.randn(2, 3, 64, 64), torch.randn(2, 77, 8)
    out = answer(source).call("f", stage, x, embeds)
    assert out.shape == (2, 6, 64, 64)
    for i in range(2):
        assert torch.equal(torch.cat(stage.predict(x[i], 30, embeds[i])), out[i])
    assert [(call.t, call.grad, call.batch) for call in stage.calls] == [(30, False, 0)] * 2
    swapped = torch.cat(stage.predict(x[0], 30, embeds[1]))
    assert not torch.allclose(swapped, out[0], atol=1e-2)


@pytest.mark.parametrize(
    "call",
    [
        "stage_1.unet(x, 30)",
        "stage_1.unet(x[0], 30, encoder_hidden_states=e)",
        "stage_1.unet(x.int(), 30, encoder_hidden_states=e)",
        "stage_1.unet(x, 1000, encoder_hidden_states=e)",
        "stage_1.unet(x, -1, encoder_hidden_states=e)",
        "stage_1.unet(x, 0.5, encoder_hidden_states=e)",
        "stage_1.unet(x, float('nan'), encoder_hidden_states=e)",
        "stage_1.unet(x, 'a', encoder_hidden_states=e)",
        "stage_1.unet(x, 30, encoder_hidden_states=e[:0])",
        "stage_1.unet(x[:0], 30, encoder_hidden_states=e[:0])",
        "stage_1.unet(x.expand(1001, 3, 64, 64), 30, encoder_hidden_states=e.expand(1001, 77, 8))",
        "stage_1.scheduler.step(x, 30, x)",
        "stage_1.scheduler.set_timesteps(timesteps=['a'])",
        "stage_1._call('__class__')",
        "stage_1._call('unet')",
        "add_variance(stage_1, x, 990, x[:, :2])",
        "(stage_1.scheduler.set_timesteps(timesteps=[5]), add_variance(stage_1, x, 6, x))",
    ],
)
def test_calls_that_the_real_pipeline_would_refuse_are_refused(call: str) -> None:
    stage = FakeStage()
    student = answer(f"def f(stage_1, x, e):\n    return {call}")
    with pytest.raises(StudentError) as caught:
        student.call("f", stage, torch.zeros(1, 3, 64, 64), torch.zeros(1, 77, 8))
    assert caught.value.kind in ("raised", "not_implemented")
    assert caught.value.line == 2


class Small(nn.Module):
    """Uses its time, so that a lost argument shows."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.out = nn.Conv2d(2, 1, 1)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The output."""
        result: torch.Tensor = self.out(torch.tanh(self.conv(x) * (1 + t)[:, None, None, None]))
        return result


TRAIN = """
    def train(unet, x, t, steps):
        optimizer = torch.optim.SGD(unet.parameters(), lr=0.1)
        losses = []
        for _ in range(steps):
            loss = F.mse_loss(unet(x, t), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses
"""


def test_a_served_network_trains_as_one_of_torchs_own() -> None:
    torch.manual_seed(0)
    network, x, t = Small(), torch.randn(3, 1, 28, 28), torch.rand(3)
    served = ServedModule(network)
    losses = answer(TRAIN).call("train", served, x, t, 4)
    plain = Small()
    plain.load_state_dict(network.state_dict())
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    expected = []
    for call in served.calls:
        for name, value in plain.named_parameters():
            torch.testing.assert_close(call.parameters[name], value.detach())
        out = plain(x, t)
        torch.testing.assert_close(call.out, out.detach())
        loss = nn.functional.mse_loss(out, x)
        (cotangent,) = torch.autograd.grad(loss, out, retain_graph=True)
        torch.testing.assert_close(call.grad_out, cotangent)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-5)
    assert len(served.calls) == 4


def test_a_served_network_leaves_the_checks_own_parameters_alone() -> None:
    network = Small()
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    answer(TRAIN).call("train", ServedModule(network), torch.randn(1, 1, 28, 28), torch.rand(1), 2)
    assert all(torch.equal(value, before[name]) for name, value in network.named_parameters())


@pytest.mark.parametrize("call", ["unet()", "unet(x[0], t)", "unet(x)", "unet(x, t, t)", "unet(t)"])
def test_wrong_calls_of_a_served_network_fail_in_the_answer(call: str) -> None:
    student = answer(f"def f(unet, x, t):\n    return {call}")
    with pytest.raises(StudentError) as caught:
        student.call("f", ServedModule(Small()), torch.randn(1, 1, 28, 28), torch.rand(1))
    assert caught.value.kind == "raised"
