"""Does the reading of a loop's log hold for batches, and is the expected mean the posterior's?"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from autograder.oracles.loop_log import fit, posterior_mean, read_chains, read_steps, same
from autograder.oracles.loop_runs import captions
from autograder.served import CallRefusedError, Earlier, FakeStage, cosine_tables
from autograder.served.stage import MOST_CALLS

TIMESTEPS = [900, 600, 250, 40, 0]


def ask(stage: FakeStage, x: Tensor, t: int) -> Tensor:
    """The UNet's answer for a batch with the caption 0."""
    embeds = torch.zeros(len(x), 77, 8)
    answer: Tensor = stage.answer("unet", [x, t, embeds], {"grad": False, "extra": []})
    return answer


@pytest.mark.parametrize(("t", "t_next"), [(990, 960), (500, 499), (120, 90), (30, 0)])
def test_mean_is_bayes_rule_for_two_gaussians(t: int, t_next: int) -> None:
    """x_t' given x_t and x_0 is a product of two normals, whose mean is known without DDPM."""
    bars = cosine_tables()[2]
    x0, noise = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(t)).double()
    bar, bar_next = bars.double()[t], bars.double()[t_next]
    x = bar.sqrt() * x0 + (1 - bar).sqrt() * noise
    # Prior N(sqrt(bar') x_0, 1 - bar'); x_t = sqrt(alpha) x_t' + noise of variance 1 - alpha.
    alpha = bar / bar_next
    precision = 1 / (1 - bar_next) + alpha / (1 - alpha)
    weighted = bar_next.sqrt() * x0 / (1 - bar_next) + alpha.sqrt() * x / (1 - alpha)
    expected = weighted / precision
    assert torch.allclose(posterior_mean(x, noise, t, t_next, bars), expected, atol=1e-7)


def test_chains_follow_each_picture_of_a_batch() -> None:
    """Does every picture of a batch get its own chain, with all of its steps in order?"""
    stage, generator = FakeStage(seed=3), torch.Generator().manual_seed(4)
    start, embeds = torch.randn(3, 3, 64, 64, generator=generator), captions(3, generator)
    result = Earlier(stage).iterative_denoise(stage, start, 1, embeds, TIMESTEPS)
    chains = read_chains(stage)
    assert len(chains) == 3
    for k, chain in enumerate(chains):
        assert [step.calls[0].t for step in chain] == TIMESTEPS[1:-1]
        assert same(chain[0].x, start[k])
        assert all(step.with_caption(embeds[k]) for step in chain)
        assert chain[-1].noising is not None
        assert same(chain[-1].noising.out, result[k])


@pytest.mark.parametrize("order", ["one call", "two calls"])
def test_two_passes_on_one_picture_are_one_step(order: str) -> None:
    """Are two passes grouped, whether they come in one batch or one after the other?"""
    stage, x = FakeStage(), torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    if order == "one call":
        ask(stage, torch.cat([x, x]), 300)
    else:
        ask(stage, x, 300)
        ask(stage, x, 300)
    steps = read_steps(stage)
    assert [len(step.calls) for step in steps] == [2]
    assert steps[0].noising is None


def test_fit_finds_weights_and_tells_what_they_miss() -> None:
    """Are the weights of a sum found, and is a target outside of its span reported?"""
    a, b, c = torch.randn(3, 500, generator=torch.Generator().manual_seed(6))
    weights, rest = fit(2 * a - 0.5 * b, a, b)
    assert weights == pytest.approx([2, -0.5], abs=1e-6)
    assert rest < 1e-6
    assert fit(c, a, b)[1] > 0.9


def test_fit_gives_nan_for_what_is_not_finite() -> None:
    """Does an answer full of nan give no weights, and no exception of LAPACK?"""
    weights, rest = fit(torch.full((9,), torch.nan), torch.ones(9))
    assert torch.tensor(weights).isnan().all()
    assert rest == float("inf")


def test_stage_refuses_a_loop_without_end() -> None:
    """Is a UNet that is asked for ever refused before its log fills the memory?"""
    stage = FakeStage()
    x = torch.zeros(100, 3, 64, 64)
    stage.calls = [None] * (MOST_CALLS - 50)  # type: ignore[list-item]
    with pytest.raises(CallRefusedError, match="in all"):
        ask(stage, x, 1)
