"""Checks of `ddpm_sample_class(unet, schedule, c, img_wh, num_ts, guidance_scale, seed)`.

As those of `ddpm_sample`. Two calls a step or one of twice the batch are both fine; what counts
is which pictures went in with mask 1 and which with mask 0. The served answers are p without and
p + q[c] with a class, so the shares of p and of q in what a step does show how they were
combined, exactly (tolerance 1e-3). Statistics are held to 6.5 standard errors (8e-11 each), about
600 of them: a false alarm in 1e-7 of all gradings. Runs: T = 300 as in the course, and 6 with
larger variances; those that several checks judge are made once for each answer.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from autograder.checking import CheckFailureError, as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles import reverse
from autograder.oracles.guided import Run, check_passes
from autograder.oracles.reverse import Answers, Schedule
from autograder.subject import Subject

SHORT = reverse.tables(torch.tensor([0.05, 0.3, 0.12, 0.2, 0.4, 0.25]))
COURSE = reverse.linear_schedule(1e-4, 0.02, 300)
CLASSES = torch.tensor([3, 0, 7, 3, 9, 1])
SIZE = (8, 8)
LIMIT = 6.5


def network(plain: float, classes: float, bend: float = 0.0) -> Answers:
    """A network that answers amounts of two patterns, the second one by class."""
    patterns = torch.stack([reverse.pattern(SIZE, 20 + c) for c in range(10)])
    return Answers(plain * reverse.pattern(SIZE, 1), classes * patterns, bend)


def run(
    student: Subject,
    answers: Answers,
    schedule: Schedule,
    scale: float | None = 5.0,
    classes: Tensor = CLASSES,
    seed: int = 3,
    outer: int = 99,
) -> Run:
    """Calls the sampler; without `scale` and seed where `scale` is None."""
    unet, num_ts = reverse.served(answers, SIZE), len(schedule["betas"])
    options = () if scale is None else (scale, seed)
    final = student.call(
        "ddpm_sample_class", unet, schedule, classes, SIZE, num_ts, *options, seed=outer
    )
    return Run(unet.calls, final, num_ts, classes)


RUNS: WeakKeyDictionary[Subject, dict[tuple[float, float, float | None], Run]] = WeakKeyDictionary()


def kept_run(
    student: Subject, plain: float, classes: float, scale: float | None = 5.0, bend: float = 0.0
) -> Run:
    """A run over 300 steps where the answers bend, over 6 else; made once for each answer."""
    runs, key = RUNS.setdefault(student, {}), (plain, classes, scale)
    if key not in runs:
        schedule = COURSE if bend else SHORT
        runs[key] = run(student, network(plain, classes, bend), schedule, scale)
    return runs[key]


def long_run(student: Subject) -> Run:
    """The run of the course's length. Classes add nothing, so guidance changes nothing."""
    return kept_run(student, 0.3, 0.0, bend=0.5)


def combination(
    student: Subject, scale: float | None
) -> tuple[list[float], list[float], list[Tensor]]:
    """Responses to the unconditional and the conditional pattern, and a run with answer 0."""
    plain, one, two = (
        kept_run(student, *amounts, scale).path()
        for amounts in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    first = reverse.responses(plain, one, reverse.pattern(SIZE, 1).double())
    by_class = torch.stack([reverse.pattern(SIZE, 20 + int(c)) for c in CLASSES]).double()
    second = []
    for a, b in zip(plain, two, strict=True):
        share = float(((b - a) * by_class).sum() / (by_class * by_class).sum())
        off = float((b - a - share * by_class).abs().max())
        second.append(share if off < 1e-3 * max(1.0, abs(share)) else float("nan"))
    return first, second, plain


def agrees(got: float, want: float) -> bool:
    """Whether two responses are the same; not where one is NaN."""
    return abs(got - want) < 1e-3 * max(1.0, abs(want))


def test_shape(student: Subject) -> None:
    """One picture for each class, from pure noise, without gradients, by the seed alone."""
    finals = []
    for classes, seed, outer in ((CLASSES, 3, 1), (CLASSES, 3, 2), (CLASSES, 4, 2)):
        found = run(student, network(0.3, 0.3, 0.5), SHORT, 5.0, classes, seed, outer)
        shape = (len(classes), 1, *SIZE)
        finals.append(as_tensor(found.final, shape, "ddpm_sample_class(...)"))
        reverse.check_calls(found.calls)
    many = torch.arange(60) % 10
    start = run(student, network(0.3, 0.3), SHORT, 5.0, many)
    as_tensor(start.final, (60, 1, *SIZE), "ddpm_sample_class(...)")
    first = torch.stack([row.x for row in start.rows()[:60]])
    reverse.check_normal(first.double(), "The pictures at the start")
    expect(
        close(finals[0], finals[1]),
        "Two calls with one seed give other pictures: torch.manual_seed(seed) before any draw.",
    )
    expect(not close(finals[1], finals[2]), "Other seeds must give other pictures.")


def test_both_passes(student: Subject) -> None:
    """In each step every picture goes through with mask 1 and with mask 0, at time t / T."""
    for found in (run(student, network(0.3, 0.3), SHORT), long_run(student)):
        found.path()
        for i, group in enumerate(found.groups()):
            check_passes(group, CLASSES)
            want = (found.num_ts - i) / found.num_ts
            wrong = [row.time for row in group if abs(row.time - want) > 1e-5]
            expect(
                not wrong,
                f"Step {i + 1} of {found.num_ts} must see the time t / num_ts = {want:.4f}, "
                f"it sees {wrong[0] if wrong else 0:.4f}.",
            )


def test_guidance(student: Subject) -> None:
    """The answers are combined as u + scale * (c - u), with the scale that is given."""
    for scale in (5.0, 0.0, 1.0, 2.5, None):
        plain, classes, _ = combination(student, scale)
        want = 5.0 if scale is None else scale
        expect(
            abs(plain[1]) > 1e-6,
            "The first step does not use the noise that both passes have in common: the shares "
            "of the two passes must add up to 1.",
        )
        # What the two passes have in common must come through once, their difference scale times.
        got = classes[1] / plain[1]
        given = "by default" if scale is None else f"with guidance_scale = {scale:g}"
        expect(
            abs(got - want) < 1e-3 * max(1.0, want),
            f"The noise must be u + {want:g} * (c - u) {given}: for each part of u that both "
            f"passes share there must be {want:g} parts of c - u, yours has {got:.3g}.",
        )


def test_mean(student: Subject) -> None:
    """The mean of x_{t-1} is the posterior's, and its noise has deviation sqrt(beta_t)."""
    got, _, _ = combination(student, 5.0)
    for i, (a, b) in enumerate(zip(got[:-1], reverse.right_responses(SHORT, 6)[:-1], strict=True)):
        message = f"From t = {7 - i} to {6 - i} (T = 6) the mean of x_{{t-1}} is wrong"
        expect(agrees(a, b), f"{message}: it must be that of ddpm_sample, for the guided noise.")
    # Where classes add nothing, the step is judged by itself.
    found = long_run(student)
    steps, path = found.steps(), found.path()
    z = reverse.normal_residuals(steps, path, COURSE, lambda step: step.noise[0])
    for i, noise in enumerate(z):
        within = abs(float(noise.std()) - 1) < LIMIT / (2 * noise.numel()) ** 0.5
        t = len(steps) - i
        expect(within, f"The step from t = {t} must add noise of deviation sqrt(beta_t).")
    reverse.check_normal(torch.stack(z), "The noise divided by sqrt(beta_t)")
    directions = path[:-2], [step.noise[0].double() for step in steps[:-1]]
    worst = max(abs(reverse.score(z, direction)) for direction in directions)
    expect(worst < LIMIT, "Over 300 steps the mean of x_{t-1} drifts from the posterior's mean.")
    expect(abs(reverse.score(z[1:], z[:-1])) < LIMIT, "Draw the noise z anew in every step.")


def test_last_step(student: Subject) -> None:
    """The step from t = 1 adds no noise and gives the estimate of the clean picture."""
    got, _, plain = combination(student, 5.0)
    rest = float(reverse.own_noise(plain[-2], plain[-1]).std())
    expect(rest < 1e-4, "The step from t = 1 adds noise: there z must be 0.")
    want = reverse.right_responses(SHORT, 6)
    earlier = all(agrees(a, b) for a, b in zip(got[:-1], want[:-1], strict=True))
    expect(
        agrees(got[-1], want[-1]) or not earlier,
        "The step from t = 1 must give x0_hat: there alpha_bar_{t-1} is 1, it is not in the table.",
    )


def probe(student: Subject) -> Behaviour:
    """Masks, classes and times that the network sees, the combination, and the kinds of noise."""
    runs: list[Run] = []
    answer = attempt(lambda: runs.append(run(student, network(0.3, 0.3), SHORT)))
    if not runs:
        return {"failure": str(answer)}
    first = runs[0]
    found: Behaviour = {
        "shape": str(tuple(getattr(first.final, "shape", ()))),
        "mode": f"{any(c.training for c in first.calls)} {any(c.grad for c in first.calls)}",
    }
    try:
        groups = first.groups()
        found["times"] = torch.tensor([group[0].time for group in groups])
        seen = {" ".join(sorted(f"{r.c if r.mask else '-'}" for r in group)) for group in groups}
        found["passes"] = "; ".join(sorted(seen))
        plain, classes, path = combination(student, 5.0)
    except CheckFailureError as failure:
        found["form"] = str(failure)
        return found
    found["plain"], found["classes"] = torch.tensor(plain), torch.tensor(classes)
    found["noise"] = reverse.noise_kinds([x.repeat(4, 1, 1, 1) for x in path], SHORT)
    again = [run(student, network(0, 0), SHORT, outer=o).final for o in (1, 2)]
    found["seed"] = str(close(torch.as_tensor(again[0]), torch.as_tensor(again[1])))
    for scale in (None, 2.5):
        found[f"scale {scale}"] = torch.tensor(combination(student, scale)[1])
    return found
