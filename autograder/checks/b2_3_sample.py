"""Checks of `ddpm_sample(unet, schedule, img_wh, num_ts, seed)`.

The served network logs what each step sees, so steps are judged one by one, whatever the style.
Two runs with one seed and with constant answers 0 and p differ by the mean's coefficients alone,
which so are seen exactly (tolerance 1e-3). Statistics are held to 6.5 standard errors, which one
normal number exceeds with probability 8e-11; about 1000 of them are taken: a false alarm in 1e-7
of all gradings. Runs: T = 300 and 400 as in the course, 60, and 6 with larger variances. Each is
made once for each answer, and judged by several checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles import reverse
from autograder.oracles.reverse import Answers, Schedule, Step
from autograder.served import ModuleCall
from autograder.subject import Subject

ORDER = ("x", "t")
SHORT = reverse.tables(torch.tensor([0.05, 0.3, 0.12, 0.2, 0.4, 0.25]))
COURSE = {num_ts: reverse.linear_schedule(1e-4, 0.02, num_ts) for num_ts in (300, 400)}
MIDDLE = reverse.linear_schedule(1e-4, 0.02, 60)
LIMIT = 6.5
BENT = -1.0


@dataclass
class Run:
    """What one call of the sampler did."""

    calls: list[ModuleCall]
    final: Any
    num_ts: int

    @property
    def steps(self) -> list[Step]:
        """Pictures and answers, in order."""
        return [Step(_x(call), (call.out,)) for call in self.calls]

    def path(self) -> list[Tensor]:
        """Pictures x_T, ..., x_0."""
        reverse.check_nonempty(self.calls)
        return reverse.chain(self.steps, self.final, self.num_ts)


def _x(call: ModuleCall) -> Tensor:
    value = reverse.argument(call, "x", ORDER)
    assert isinstance(value, Tensor)  # the served network has checked it
    return value


def run(
    student: Subject,
    network: nn.Module,
    schedule: Schedule,
    size: tuple[int, int] = (8, 8),
    seed: int = 3,
    outer: int = 99,
) -> Run:
    """Calls the sampler; `outer` seeds the worker before, `seed` is the argument."""
    unet = reverse.served(network, size)
    num_ts = len(schedule["betas"])
    final = student.call("ddpm_sample", unet, schedule, size, num_ts, seed, seed=outer)
    return Run(unet.calls, final, num_ts)


RUNS: WeakKeyDictionary[Subject, dict[tuple[float, int], Run]] = WeakKeyDictionary()


def kept_run(student: Subject, amount: float, schedule: Schedule) -> Run:
    """The run with a constant answer, bent for `BENT`; made once for each answer."""
    runs = RUNS.setdefault(student, {})
    key = (amount, len(schedule["betas"]))
    if key not in runs:
        network: Callable[[], Answers] = bent if amount == BENT else lambda: constant(amount)
        runs[key] = run(student, network(), schedule)
    return runs[key]


def constant(amount: float, size: tuple[int, int] = (8, 8)) -> Answers:
    """A network that answers `amount` times a pattern."""
    return Answers(amount * reverse.pattern(size, 1))


def bent(size: tuple[int, int] = (8, 8)) -> Answers:
    """A network whose answer depends on picture and time."""
    return Answers(0.4 * reverse.pattern(size, 2), bend=0.8)


def responses(student: Subject, schedule: Schedule) -> tuple[list[float], list[float]]:
    """How the pictures answer to the network's, and how they should."""
    paths = [kept_run(student, amount, schedule).path() for amount in (0.0, 1.0)]
    got = reverse.responses(paths[0], paths[1], reverse.pattern((8, 8), 1).double())
    return got, reverse.right_responses(schedule, len(schedule["betas"]))


def agrees(got: float, want: float) -> bool:
    """Whether two responses are the same; not where one is NaN."""
    return abs(got - want) < 1e-3 * max(1.0, abs(want))


def test_shape(student: Subject) -> None:
    """Sixteen pictures of the size asked for, from pure noise, without gradients."""
    for size in ((8, 8), (6, 10), (24, 24)):
        found = run(student, bent(size), SHORT, size)
        as_tensor(found.final, (16, 1, *size), "ddpm_sample(...)")
        reverse.check_calls(found.calls)
        as_tensor(_x(found.calls[0]), (16, 1, *size), "The first input of unet")
    reverse.check_normal(_x(found.calls[0]).double(), "The pictures at the start")


def test_time_input(student: Subject) -> None:
    """Step by step the network sees t / T, from T down to 1."""
    for amount, schedule in ((0.0, SHORT), (0.0, COURSE[300]), (BENT, COURSE[400])):
        found = kept_run(student, amount, schedule)
        reverse.check_nonempty(found.calls)
        for i, call in enumerate(found.calls[: found.num_ts]):
            value = reverse.argument(call, "t", ORDER)
            reverse.check_time(value, 16, found.num_ts - i, found.num_ts)
        found.path()


def test_mean(student: Subject) -> None:
    """The mean of x_{t-1} has the right shares of x_t and of the answer, down to t = 2."""
    for schedule in (SHORT, MIDDLE):
        got, want = responses(student, schedule)
        for i, (a, b) in enumerate(zip(got[:-1], want[:-1], strict=True)):
            t = len(want) - i
            expect(
                agrees(a, b),
                f"From t = {t} to {t - 1} (T = {len(want) - 1}) the mean of x_{{t-1}} is wrong: "
                "check alpha_t, alpha_bar_t and alpha_bar_{t-1}, their roots and their indices; "
                "nothing is clipped.",
            )
    schedule = COURSE[400]
    found = kept_run(student, BENT, schedule)
    path = found.path()
    z = reverse.normal_residuals(found.steps, path, schedule, lambda step: step.noise[0])
    directions = (path[:-2], [s.noise[0].double() for s in found.steps[:-1]])
    worst = max(abs(reverse.score(z, direction)) for direction in directions)
    expect(worst < LIMIT, "Over 400 steps the mean of x_{t-1} drifts from the posterior's mean.")


def test_variance(student: Subject) -> None:
    """The noise of a step is normal, fresh, and has the deviation sqrt(beta_t)."""
    for schedule in (SHORT, COURSE[300]):
        path = kept_run(student, 0.0, schedule).path()
        noises = []
        for i, t in enumerate(range(len(path) - 1, 1, -1)):
            noise = reverse.own_noise(path[i], path[i + 1])
            want = float(schedule["betas"][t - 1]) ** 0.5
            got = float(noise.std())
            message = f"At t = {t} the noise must have deviation sqrt(beta_t) = {want:.4f}"
            within = abs(got / want - 1) < LIMIT / (2 * noise.numel()) ** 0.5
            expect(within, f"{message}, yours has {got:.4f}.")
            noises.append(noise / want)
        reverse.check_normal(torch.stack(noises), "The noise divided by sqrt(beta_t)")
        expect(
            abs(reverse.score(noises[1:], noises[:-1])) < LIMIT,
            "Two steps in a row add the same noise: draw z anew in every step.",
        )
        pair = [noise[:-1] for noise in noises], [noise[1:] for noise in noises]
        expect(abs(reverse.score(*pair)) < LIMIT, "Pictures share their noise: draw it for each.")


def test_last_step(student: Subject) -> None:
    """The step from t = 1 adds no noise and gives the estimate of the clean picture."""
    path = kept_run(student, 0.0, SHORT).path()
    rest = float(reverse.own_noise(path[-2], path[-1]).std())
    expect(rest < 1e-4, "The step from t = 1 adds noise: there z must be 0.")
    got, want = responses(student, SHORT)
    earlier = all(agrees(a, b) for a, b in zip(got[:-1], want[:-1], strict=True))
    expect(
        agrees(got[-1], want[-1]) or not earlier,
        "The step from t = 1 must give x0_hat: there alpha_bar_{t-1} is 1, it is not in the table.",
    )


def test_seed(student: Subject) -> None:
    """The seed alone decides about the pictures."""
    finals = [
        as_tensor(run(student, bent(), SHORT, seed=s, outer=o).final, (16, 1, 8, 8), "The result")
        for s, o in ((0, 1), (0, 2), (5, 2))
    ]
    expect(
        close(finals[0], finals[1]),
        "Two calls with one seed give other pictures: torch.manual_seed(seed) before any draw.",
    )
    expect(not close(finals[1], finals[2]), "Other seeds must give other pictures.")


def probe(student: Subject) -> Behaviour:
    """Times, response to the network's answers, and kind of noise of every step."""
    size = (24, 24)
    found: Behaviour = {}
    runs: list[Run] = []
    for amount in (0.0, 1.0):
        answer = attempt(lambda a=amount: runs.append(run(student, constant(a, size), SHORT, size)))
        if isinstance(answer, str) and len(runs) < 2 and answer.startswith(("raised", "unsend")):
            return {"failure": answer}
    first = runs[0]
    found["shape"] = str(tuple(getattr(first.final, "shape", ())))
    found["mode"] = f"{any(c.training for c in first.calls)} {any(c.grad for c in first.calls)}"
    found["times"] = reverse.times([reverse.argument(c, "t", ORDER) for c in first.calls])
    paths = [[s.x.double() for s in r.steps] + [torch.as_tensor(r.final).double()] for r in runs]
    found["start"] = f"{float(paths[0][0].std()):.1f}"
    shares = reverse.responses(paths[0], paths[1], reverse.pattern(size, 1).double())
    found["responses"] = torch.tensor(shares)
    found["noise"] = reverse.noise_kinds(paths[0], SHORT)
    seeds = [run(student, constant(0.0), SHORT, seed=s, outer=o).final for s, o in ((0, 1), (0, 2))]
    found["seed"] = str(close(torch.as_tensor(seeds[0]), torch.as_tensor(seeds[1])))
    return found
