"""What is measured of a network, against networks whose worth is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from autograder.checking import CheckFailureError
from autograder.full import judge, measuring
from autograder.full.digits import (
    MIRRORED,
    PLAIN,
    QUARTERS,
    Digits,
    Secret,
    digits_of,
    fresh_secret,
)
from autograder.full.pieces import RUNS
from autograder.full.presets import PRESETS, Preset
from autograder.full.running import Bench, judged
from autograder.subject import LocalSubject

SECRETS = [Secret(q, bool(m), torch.arange(10)) for q in range(QUARTERS) for m in range(MIRRORED)]


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Digits as they are."""
    return digits_of(PRESETS["reduced"], PLAIN)


@pytest.mark.parametrize("secret", SECRETS, ids=str)
def test_turning_back_undoes_turning(secret: Secret) -> None:
    x = torch.rand(3, 1, 28, 28)
    assert torch.equal(secret.turn_back(secret.turn(x)), x)


def test_eight_secrets_show_eight_pictures() -> None:
    x = torch.rand(28, 28)
    shown = {tuple(secret.turn(x).flatten().tolist()) for secret in SECRETS}
    assert len(shown) == len(SECRETS)


def test_a_fresh_secret_is_never_upright() -> None:
    found = [fresh_secret() for _ in range(60)]
    assert all((s.quarters, s.mirrored) != (0, False) for s in found)
    assert len({(s.quarters, s.mirrored) for s in found}) > 3
    assert all(sorted(s.names.tolist()) == list(range(10)) for s in found)


def test_a_run_renames_its_classes(preset: Preset) -> None:
    names = torch.arange(10).roll(3)
    plain, run = digits_of(preset, PLAIN), digits_of(preset, Secret(1, True, names))
    assert torch.equal(run.labels, names[plain.labels])
    assert torch.equal(run.test_labels, names[plain.test_labels])
    assert torch.equal(run.test_images.rot90(-1, (-2, -1)).flip(-1), plain.test_images)


def test_an_idle_denoiser_keeps_the_noise(digits: Digits) -> None:
    recipe = PRESETS["full"].recipes["denoiser"]
    loss = measuring.denoiser_loss(lambda x, *_: x, digits, recipe, 3)
    assert loss == pytest.approx(recipe.sigma**2, rel=0.01)


def test_a_network_that_answers_zero_has_a_loss_of_one(digits: Digits) -> None:
    recipe = PRESETS["full"].recipes["time"]
    loss = measuring.noise_loss(lambda x, *_: torch.zeros_like(x), digits, recipe, 3, classes=False)
    assert loss == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("keep", [True, False])
def test_classes_come_with_their_pictures(digits: Digits, keep: bool) -> None:
    told: list[Tensor] = []
    recipe = PRESETS["full"].recipes["class"]

    def network(x: Tensor, c: Tensor | None, t: Tensor | None, mask: Tensor | None) -> Tensor:
        assert c is not None
        assert t is not None
        assert mask is not None
        assert 0 < float(t.min()) <= float(t.max()) <= 1
        assert mask.unique().tolist() == [float(keep)]
        told.append(c)
        return torch.zeros_like(x)

    measuring.noise_loss(network, digits, recipe, 3, classes=True, keep=keep)
    assert torch.equal(torch.cat(told), digits.test_labels)


@pytest.mark.parametrize("classes", [False, True])
def test_a_perfect_predictor_draws_its_picture(digits: Digits, classes: bool) -> None:
    """If all digits were one picture, the noise would be known exactly."""
    recipe, picture = PRESETS["reduced"].recipes["class"], digits.test_images[:1]
    bars = measuring.alpha_bars(recipe)

    def network(x: Tensor, _c: object, t: Tensor | None, _mask: object) -> Tensor:
        assert t is not None
        bar = bars[(t * recipe.num_ts).round().long() - 1].reshape(-1, 1, 1, 1)
        return ((x - bar.sqrt() * picture) / (1 - bar).sqrt()).float()

    c = torch.arange(4) if classes else None
    x = measuring.samples(network, recipe, 5, 4, c, 3.0)
    torch.testing.assert_close(x, picture.expand(4, -1, -1, -1), atol=1e-3, rtol=0)


def test_guidance_goes_beyond_the_class(digits: Digits) -> None:
    """The noise that is used is the one without the class plus gamma times the difference."""
    recipe = PRESETS["reduced"].recipes["class"]
    shift = torch.tensor(0.01)

    def network(x: Tensor, _c: object, _t: object, mask: Tensor | None) -> Tensor:
        return x * 0 + (0 if mask is None else shift * mask.reshape(-1, 1, 1, 1))

    def moved(scale: float) -> Tensor:
        one = measuring.samples(network, recipe, 5, 2, torch.arange(2), scale)
        return one - measuring.samples(lambda x, *_: x * 0, recipe, 5, 2, None, 0.0)

    torch.testing.assert_close(moved(4.0), 4 * moved(1.0), atol=1e-3, rtol=1e-2)


def test_outputs_that_are_no_numbers_are_refused(digits: Digits) -> None:
    recipe = PRESETS["full"].recipes["denoiser"]
    with pytest.raises(CheckFailureError, match="not finite"):
        measuring.denoiser_loss(lambda x, *_: x * float("nan"), digits, recipe, 3)
    with pytest.raises(CheckFailureError, match="must have shape"):
        measuring.denoiser_loss(lambda x, *_: x[:, :, :27], digits, recipe, 3)


def test_the_judge_reads_digits(digits: Digits) -> None:
    seen, sure = judge.read(digits.test_images)
    assert float((seen == digits.test_labels).float().mean()) > 0.99
    assert float((sure > judge.SURE).float().mean()) > 0.98


def test_the_judge_sees_no_digit_in_noise_or_nothing() -> None:
    torch.manual_seed(1)
    noise, nothing = 0.5 + 0.5 * torch.randn(200, 1, 28, 28), torch.zeros(2, 1, 28, 28)
    seen, _ = judge.read(torch.cat([noise, nothing]))
    assert float((seen == judge.NO_DIGIT).float().mean()) > 0.99


def test_samples_are_judged_upright_and_by_their_own_names(digits: Digits) -> None:
    secret = Secret(1, True, torch.arange(10).roll(4))
    run = digits_of(PRESETS["reduced"], secret)
    bench = Bench(LocalSubject(), RUNS["class"], PRESETS["reduced"], run, secret, 1)
    assert judged(bench, run.test_images, run.test_labels)["right"] > 0.99
    assert judged(bench, digits.test_images, digits.test_labels)["right"] < 0.2


def test_the_judge_is_small() -> None:
    assert judge.PATH.stat().st_size <= 200_000
