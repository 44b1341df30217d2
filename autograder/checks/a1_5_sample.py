"""Checks of `sample(stage_1, num_images, prompt_embeds, timesteps)`.

`iterative_denoise` is served by the trusted side and runs on the check's `FakeStage`, so the log
shows the same whether an answer calls it or writes the loop itself. Pictures that enter the UNet
without coming from `add_variance` are where sampling starts. Their noise, 5 x 3 x 64 x 64 values,
is tested at six standard errors with three tests and two on correlation: a false alarm once in 1e8.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checking import as_tensor, expect
from autograder.diagnosis import Behaviour
from autograder.oracles.loop_judge import near
from autograder.oracles.loop_log import Step, fit, posterior_mean, read_chains, same
from autograder.oracles.loop_runs import UNEVEN, captions
from autograder.oracles.normality import SIGMAS, check_standard_normal, correlation
from autograder.served import Earlier, FakeStage
from autograder.subject import StudentError, Subject

STRIDED = list(range(990, -1, -30))
COARSE = list(range(900, -1, -300))


class Run:
    """One call of the student's function."""

    def __init__(
        self, student: Subject, count: int, timesteps: list[int], seed: int, prompts: int = 1
    ) -> None:
        generator = torch.Generator().manual_seed(700 + seed)
        self.stage, self.embeds = FakeStage(seed=seed), captions(prompts, generator)
        student.serve(**Earlier(self.stage, seed).functions())
        out = student.call("sample", self.stage, count, self.embeds, timesteps, seed=seed)
        self.result = as_tensor(out, (count, 3, 64, 64), "sample(...)")
        self.chains = read_chains(self.stage)
        expect(bool(self.chains), "sample must denoise with the UNet: call iterative_denoise.")

    @property
    def starts(self) -> Tensor:
        """Where sampling starts, (number of pictures, 3, 64, 64)."""
        return torch.stack([chain[0].x for chain in self.chains])

    def expect_noises(self, count: int) -> None:
        """Fails unless each picture has a start of its own."""
        steps = "No step ends with add_variance: iterative_denoise does all of it for you."
        expect(bool(self.stage.variance_calls), steps)
        asked = f"For num_images = {count} as many different noises must be denoised"
        expect(len(self.chains) == count, f"{asked}, not {len(self.chains)}.")


def test_shape(student: Subject) -> None:
    """As many pictures come as were asked for, each denoised with its own prompt."""
    for count, prompts in ((1, 1), (3, 1), (2, 2)):
        run = Run(student, count, COARSE, seed=count, prompts=prompts)
        run.expect_noises(count)
        for k, chain in enumerate(run.chains):
            known = all(step.with_caption(run.embeds[k % prompts]) for step in chain)
            expect(known, f"Picture {k + 1} is denoised without its prompt's embedding.")


def test_starts_from_noise(student: Subject) -> None:
    """Sampling starts from standard normal noise, new for each picture and call."""
    run = Run(student, 5, COARSE, seed=11)
    starts = run.starts
    check_standard_normal(starts, "The noise that sampling starts from")
    run.expect_noises(5)
    for pair in ((starts[0], starts[1]), (starts[:, 0], starts[:, 1])):
        size = SIGMAS / pair[0].numel() ** 0.5
        shared = abs(correlation(*(half.double().flatten() for half in pair))) > size
        expect(not shared, "Pictures or channels share their noise: draw it in full shape.")
    other, unseeded = Run(student, 1, COARSE, seed=12), Run(student, 1, COARSE, seed=13)
    again = "sample starts from the same noise each time: draw it anew, and set no seed."
    expect(not same(other.starts[0], unseeded.starts[0]), again)


def test_all_steps(student: Subject) -> None:
    """All timesteps are visited from the first on, and the last step's pictures are returned."""
    for count, timesteps in ((1, STRIDED), (2, UNEVEN), (2, COARSE)):
        run = Run(student, count, timesteps, seed=21 + len(timesteps))
        run.expect_noises(count)
        for chain in run.chains:
            judge_chain(run.stage, chain, timesteps)
        lasts = [chain[-1].noising for chain in run.chains]
        for k, (picture, last) in enumerate(zip(run.result, lasts, strict=True)):
            handed_on = last is not None and near(picture, last.out)
            message = f"Picture {k + 1} of the result must be what the last step gave, as it is."
            expect(handed_on, message)


def judge_chain(stage: FakeStage, chain: list[Step], timesteps: list[int]) -> None:
    """One picture goes through all timesteps; a loop of one's own takes the right steps."""
    visited = [step.calls[0].t for step in chain]
    first = f"Sampling must start at timesteps[0] = {timesteps[0]}, yours at {visited[0]}"
    expect(visited[0] == timesteps[0], f"{first}: is i_start 0?")
    rest = "Each step from one timestep to the next must be taken, in the order of timesteps."
    expect(visited == timesteps[:-1], rest)
    for step, t, t_next in zip(chain, timesteps[:-1], timesteps[1:], strict=True):
        right = posterior_mean(step.x, step.calls[0].noise, t, t_next, stage.alphas_cumprod)
        fits = step.noising is not None and near(step.noising.image, right)
        message = f"The step from t = {t} to {t_next} is wrong: iterative_denoise does it for you."
        expect(fits, message)


def probe(student: Subject) -> Behaviour:
    """Where sampling starts, which timesteps it visits, and what becomes of the last pictures."""
    found: Behaviour = {}
    for count in (1, 3):
        found |= {f"{key} of {count}": value for key, value in probe_count(student, count).items()}
    runs = [attempt_run(student, 1, seed) for seed in (32, 33)]
    starts = [run.starts for run in runs if isinstance(run, Run)]
    found["repeats"] = float(len(starts) == 2 and torch.equal(*starts))
    return found


def probe_count(student: Subject, count: int) -> Behaviour:
    """One call as a few values that do not depend on the noise that was drawn, or its error."""
    run = attempt_run(student, count)
    if isinstance(run, str):
        return {"run": run}
    starts, last = run.starts, run.chains[0][-1].noising
    shares, rest = fit(run.result[0], last.out, torch.ones_like(last.out)) if last else ([], 1.0)
    return {
        "pictures": float(len(run.chains)),
        "visited": torch.tensor([float(step.calls[0].t) for step in run.chains[0]]),
        "deviation": round(float(starts.std()), 1),
        "mean": round(float(starts.mean()), 1),
        "grey": float((starts[:, 0] - starts[:, 1]).std() < 0.1),
        "shared": float((starts[0] - starts[-1]).std() < 0.1 and len(starts) > 1),
        "bounded": float(starts.abs().max() <= 1.0),
        "shares": torch.tensor(shares if rest < 1e-3 else []),
        "handed on": float(last is not None and near(run.result[0], last.out)),
        "within": float(run.result.abs().max() <= 1.0),
    }


def attempt_run(student: Subject, count: int, seed: int = 31) -> Run | str:
    """A run, or the kind of error that came instead."""
    try:
        return Run(student, count, COARSE, seed=seed)
    except AssertionError:
        return "a result of a wrong form"
    except StudentError as error:
        if error.fatal:
            raise
        return f"{error.kind}:{error.type}"
