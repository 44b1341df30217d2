"""Runs of a student's denoising loop on a `FakeStage`, for checks and probes.

Pictures, captions and the stage's answers come from a seed. Captions are multiples of 1/64, so
they survive a cast to half precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from autograder.checking import as_tensor, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.served import EMBEDDING, Earlier, FakeStage
from autograder.subject import StudentError, Subject

from .loop_log import Step, fit, means_of, read_chains, read_steps, same

LOOPS = {False: "iterative_denoise", True: "iterative_denoise_cfg"}
UNEVEN = [980, 760, 610, 400, 150, 80, 35, 0]
"""Timesteps without a fixed stride: they show whose neighbours are looked up and whose guessed."""


@dataclass(frozen=True)
class Case:
    """One call of a loop.

    Attributes:
        timesteps: Falling, ending in 0.
        i_start: Where the loop starts.
        seed: Of pictures, captions and the stage.
        pictures: Size of the batch.
        captions: 1, or as many as pictures.
        guided: Whether the loop takes a second caption, the empty prompt's.
        scale: Of guidance; None leaves the default.
    """

    timesteps: list[int]
    i_start: int = 0
    seed: int = 0
    pictures: int = 1
    captions: int = 1
    guided: bool = False
    scale: float | None = None


@dataclass(frozen=True)
class Run:
    """What a call of a loop was given, did and returned."""

    case: Case
    stage: FakeStage
    start: Tensor
    embeds: Tensor
    uncond: Tensor
    result: Tensor
    after: Tensor

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The steps that the loop must take, each from a timestep to the next."""
        steps = self.case.timesteps[self.case.i_start :]
        return list(pairwise(steps))


def captions(count: int, generator: torch.Generator) -> Tensor:
    """Embeddings of made-up prompts, (count, 77, 8)."""
    one = torch.randint(-64, 65, (count, 1, EMBEDDING[1]), generator=generator) / 64
    return one.expand(count, *EMBEDDING).contiguous()


def run_loop(student: Subject, case: Case) -> Run:
    """Calls the student's loop; `StudentError` where it fails, a failed check on a wrong shape."""
    generator = torch.Generator().manual_seed(1000 + case.seed)
    stage = FakeStage(seed=case.seed)
    start = torch.randn(case.pictures, 3, 64, 64, generator=generator)
    embeds, uncond = captions(case.captions, generator), captions(1, generator)
    prompts = [embeds, uncond] if case.guided else [embeds]
    options = {} if case.scale is None else {"scale": case.scale}
    name = LOOPS[case.guided]
    # A loop may be built on earlier exercises, never on the loops themselves.
    earlier = Earlier(stage, case.seed).functions()
    student.serve(**{k: earlier[k] for k in ("forward", "classical_denoise", "one_step_denoise")})
    result, after = student.call_echo(
        name, stage, start, case.i_start, *prompts, case.timesteps, seed=case.seed, **options
    )
    plain = as_tensor(result, tuple(start.shape), f"{name}(...)")
    expect(bool(stage.calls), f"{name} does not call stage_1.unet.")
    for call in stage.calls:
        expect(torch.isfinite(call.x).all(), f"At t = {call.t} the picture is nan or inf.")
    return Run(case, stage, start, embeds, uncond, plain, after[1])


def describe(student: Subject, case: Case) -> Behaviour:
    """Behaviour of a loop on one picture, as a few values or the error that it ends with."""
    try:
        run = run_loop(student, case)
    except StudentError as error:
        if error.fatal:
            raise
        return {"loop": f"{error.kind}:{error.type}"}
    except AssertionError:
        return {"loop": "a result of a wrong form"}
    steps = read_steps(run.stage)
    found: Behaviour = {
        "steps": float(len(steps)),
        "chains": float(len(read_chains(run.stage))),
        "gradients": float(any(call.grad for call in run.stage.calls)),
        "input kept": float(same(run.after, run.start)),
        "timesteps set": float(knows_timesteps(run)),
        "last": float(_is_last(run, steps)),
    }
    for index, (step, mean) in enumerate(zip(steps, means_of(steps, run.result[0]), strict=False)):
        found |= {f"step {index} {k}": v for k, v in _describe_step(run, step, mean).items()}
    return found


def describe_batch(student: Subject, case: Case) -> Behaviour:
    """Whether a loop takes a batch: the number of chains, or the error that it ends with."""
    outcome = attempt(lambda: float(len(read_chains(run_loop(student, case).stage))))
    return {"batch": outcome}


def knows_timesteps(run: Run) -> bool:
    """Whether `add_variance` had the right timesteps at each call, however they were set."""
    stage, steps = run.stage, run.case.timesteps
    for call in stage.variance_calls:
        if call.t in steps[:-1]:
            right = stage.log_variance(call.predicted_variance, call.t, steps)
            noise = (0.5 * right).exp() * call.noise
            rest, lost = (call.out - call.image - noise).norm(), 1e-6 * call.image.norm()
            if float(rest) > float(0.01 * noise.norm() + lost):
                return False
    return bool(stage.timesteps_set)


def _describe_step(run: Run, step: Step, mean: Tensor) -> Behaviour:
    """A step in terms of its pass with the prompt, so that the order of passes is free."""
    cond = step.with_caption(run.embeds[0]) or step.calls[0]
    uncond = step.with_caption(run.uncond[0])
    bar = run.stage.alphas_cumprod[cond.t].double()
    x0 = (step.x - (1 - bar).sqrt() * cond.noise) / bar.sqrt()
    terms = [x0, step.x, cond.variance]
    if uncond is not None and uncond is not cond:
        terms.append(uncond.noise)
    weights, rest = fit(mean, *terms)
    found: Behaviour = {
        "mean": torch.tensor([*weights, rest]),
        "timesteps": torch.tensor(sorted({float(call.t) for call in step.calls})),
        "captions": torch.tensor(sorted({_which(run, call.embeds) for call in step.calls})),
    }
    if step.noising is not None:
        given = step.noising.predicted_variance
        known = (cond.variance, cond.noise, cond.variance if uncond is None else uncond.variance)
        found["variance"] = float(next((i for i, v in enumerate(known) if same(v, given)), 3))
        found["noising timestep"] = float(step.noising.t)
    return found


def _which(run: Run, embeds: Tensor) -> float:
    """0 for the prompt, 1 for the empty one, 2 for another."""
    known = (run.embeds[0], run.uncond[0])
    return float(next((i for i, value in enumerate(known) if same(value, embeds)), 2))


def _is_last(run: Run, steps: list[Step]) -> bool:
    last = steps[-1].noising
    return last is not None and same(last.out, run.result[0])
