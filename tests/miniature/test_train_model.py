"""Training's networks compute what diffusers and transformers compute with their weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from course.miniature.export import export
from course.miniature.losses import cosine_schedule, noise_loss, variance_loss
from course.miniature.muon import Rates, Updater, orthogonalise
from course.miniature.text_encoder import TextEncoder, TextShape
from course.miniature.tokenizer import Tokenizer
from course.miniature.unet import UNet, UNetShape

SHAPE = UNetShape(channels=(16, 16, 32, 32), heads=(0, 0, 2, 4), time=24, text=32, groups=4)
WORDS = ["<pad>", "</s>", "<unk>", "a", "emoji", "of", "rocket", "t", "rex", "woman's", "hat"]
TEXT = TextShape(len(WORDS), width=32, inner=48, layers=2, heads=4)


@pytest.fixture(scope="module")
def parts() -> tuple[UNet, TextEncoder]:
    torch.manual_seed(0)
    unet = UNet(SHAPE)
    torch.nn.init.normal_(unet.conv_out.weight)
    return unet, TextEncoder(TEXT)


@pytest.fixture(scope="module")
def directory(parts: tuple[UNet, TextEncoder], tmp_path_factory: pytest.TempPathFactory) -> Path:
    unet, encoder = parts
    weights = {f"unet.{name}": value for name, value in unet.state_dict().items()}
    weights |= {f"text_encoder.{name}": value for name, value in encoder.state_dict().items()}
    for _ in range(2):  # a second export replaces the first
        folder = tmp_path_factory.getbasetemp() / "exported"
        export(folder, weights, SHAPE, TEXT, Tokenizer(WORDS))
    return folder


def test_the_exported_pipeline_computes_what_training_computes(
    directory: Path, parts: tuple[UNet, TextEncoder]
) -> None:
    from kit import load_stage_1

    stage_1 = load_stage_1(directory, "cpu")
    tokenizer = Tokenizer(WORDS)
    prompts = ["a T-Rex", "a hat, of: a woman’s emoji quickly", ""]
    ids = torch.tensor([tokenizer.padded(prompt) for prompt in prompts])
    unet, encoder = parts
    with torch.no_grad():
        text = encoder(ids)
        theirs, _ = stage_1.encode_prompt(prompts, do_classifier_free_guidance=False)
        # Weights are float16 in the file.
        torch.testing.assert_close(text, theirs, atol=0.02, rtol=0.02)
        x, t = torch.randn(3, 3, 64, 64), torch.tensor([3, 700, 999])
        ours = unet(x, t, text)
        assert_near(ours, stage_1.unet(x, t, text).sample, 0.01)


def assert_near(ours: Tensor, theirs: Tensor, share: float) -> None:
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= share * theirs.abs().max()


def test_tokenizer_json_gives_the_same_numbers(directory: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast.from_pretrained(str(directory / "tokenizer"))
    for text in ("a T-Rex, a woman’s hat.", "", "of: rocket emoji " * 40):
        theirs = fast(text, padding="max_length", truncation=True, max_length=77)["input_ids"]
        assert Tokenizer(WORDS).padded(text) == theirs


def test_the_schedule_and_its_variance_are_those_of_diffusers() -> None:
    from diffusers import DDPMScheduler

    theirs = DDPMScheduler(beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    schedule = cosine_schedule()
    torch.testing.assert_close(schedule.signal.square(), theirs.alphas_cumprod)
    theirs.set_timesteps(1000)
    for t in (1, 500, 998):
        low, high = schedule.log_posterior[t], schedule.log_beta[t]
        wanted = theirs._get_variance(t, predicted_variance=torch.tensor(0.3))
        assert torch.allclose(low + 1.3 / 2 * (high - low), wanted, atol=1e-3)


def test_the_weight_of_noise_prediction_is_one_where_snr_is_small() -> None:
    schedule = cosine_schedule()
    noise = torch.zeros(2, 3, 4, 4)
    losses = noise_loss(schedule, noise + 2, noise, torch.tensor([900, 5]))
    ratio = schedule.signal[5] ** 2 / schedule.noise[5] ** 2
    torch.testing.assert_close(
        losses, torch.tensor([4.0, 4.0 * 5 / float(ratio)]), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("fraction", [-1.0, 0.2, 1.0])
def test_the_variational_bound_is_the_divergence_of_two_gaussians(fraction: float) -> None:
    schedule = cosine_schedule()
    t = torch.tensor([40, 700])
    noise = torch.randn(2, 3, 4, 4)
    predicted = (noise + 0.1).requires_grad_()
    variance = torch.full_like(noise, fraction).requires_grad_()
    found = variance_loss(schedule, predicted, variance, noise, t)
    for row, step in enumerate(t.tolist()):
        low, high = schedule.log_posterior[step], schedule.log_beta[step]
        spread = torch.exp(0.5 * (low + (fraction + 1) / 2 * (high - low)))
        first = torch.distributions.Normal(0.0, torch.exp(0.5 * low))
        second = torch.distributions.Normal(0.1 * schedule.mean[step], spread)
        wanted = torch.distributions.kl_divergence(first, second) / torch.log(torch.tensor(2.0))
        torch.testing.assert_close(found[row], wanted, rtol=1e-3, atol=1e-6)
    found.sum().backward()
    assert predicted.grad is None  # the mean is a constant here
    assert variance.grad is not None
    assert bool(variance.grad.abs().sum() > 0)


@pytest.mark.parametrize("shape", [(3, 8, 24), (2, 24, 8), (1, 16, 16)])
def test_muon_orthogonalises(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)).float())
    assert values.min() > 0.3
    assert values.max() < 1.4


def test_updates_lower_a_loss_and_move_every_weight() -> None:
    torch.manual_seed(2)
    model = torch.nn.Sequential(torch.nn.Linear(6, 12), torch.nn.Tanh(), torch.nn.Linear(12, 3))
    updater = Updater(model, Rates(muon=0.02, adamw=0.02, average=0.9))
    before = updater.flat["master"].clone()
    x, y = torch.randn(64, 6), torch.randn(64, 3)
    losses = []
    for _ in range(40):
        loss = (model(x) - y).square().mean()
        loss.backward()
        updater.gather()
        updater.step(1.0)
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.85 * losses[0]
    assert bool((updater.flat["master"] != before).all())
    for master, parameter in zip(updater.views("master"), updater.parameters, strict=True):
        assert torch.equal(master, parameter)
    assert not torch.equal(updater.flat["average"], updater.flat["master"])


def test_a_reverse_step_is_that_of_the_scheduler() -> None:
    from diffusers import DDPMScheduler

    from course.miniature.model import _reverse

    theirs = DDPMScheduler(beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    theirs.set_timesteps(timesteps=list(range(990, -1, -30)))
    x, predicted, variance = (torch.randn(1, 3, 8, 8) for _ in range(3))
    schedule = cosine_schedule()
    for t in (960, 300, 30):
        mean, deviation = _reverse(schedule, x, predicted, variance, t, t - 30)
        torch.manual_seed(5)
        wanted = theirs.step(torch.cat([predicted, variance], 1), t, x).prev_sample
        torch.manual_seed(5)
        torch.testing.assert_close(
            mean + deviation * torch.randn_like(x), wanted, atol=2e-4, rtol=1e-3
        )
