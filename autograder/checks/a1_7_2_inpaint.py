"""Checks of `inpaint`.

`forward`, `cfg_noise` and the loops of A 1.4 and A 1.6 are served; noise by hand and steps by
hand pass as well, since only the pictures that the UNet sees and the result are judged. After
each of the seven steps the kept pixels (6144 values) less sqrt(alpha-bar) times the original must
be normal noise of that level: four tests of 2e-9 a step, and one more that it is new. The kept
pixels of the result may differ from the original by seven deviations of the last level's noise
(3e-8 for all of them). In the mask a step is compared with its closed form within 3e-3 of the
largest value. False alarms: less than 3e-7 a submission.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.normality import (
    SIGMAS,
    check_standard_normal,
    correlation,
    nearest_level,
)
from autograder.oracles.trajectory import (
    BAR,
    Step,
    call_for,
    check_mean,
    check_no_gradient,
    check_variance,
    guided,
    pictures_of,
    steps_of,
)
from autograder.oracles.trajectory_features import implied_scale, outline
from autograder.served import Earlier, FakeStage
from autograder.subject import Subject

TIMESTEPS = [990, 870, 690, 570, 330, 150, 30, 0]
# From 990 on the stage's pictures grow to 64, beside which the noise of a late step is nothing.
LATE = [240, 150, 90, 30, 0]
SCALE = 3.0
WHAT = "inpaint(...)"
UNASKED = "The UNet is never asked: go down the timesteps as in A 1.6."
GENERATOR = torch.Generator().manual_seed(72)
PROMPT, EMPTY = torch.randn(2, 1, 77, 8, generator=GENERATOR)
IMAGE = torch.rand(1, 3, 64, 64, generator=GENERATOR) * 2 - 1
# Neither a half nor a square, so that a flipped or transposed mask shows.
MASK = torch.zeros(1, 1, 64, 64)
MASK[:, :, 6:58, 3:43] = 1
MASK[:, :, :6, 10:20] = 1
NEW = MASK.bool().expand(1, 3, 64, 64)[0]


def run(
    student: Subject, seed: int, count: int = 1, timesteps: list[int] = TIMESTEPS
) -> tuple[FakeStage, Tensor, list[Any]]:
    """The log of an inpainting, its result, and the arguments as they are afterwards."""
    stage = FakeStage(100 + seed)
    student.serve(**Earlier(stage, seed).functions())
    image, prompt, empty = (x.repeat(count, *[1] * (x.dim() - 1)) for x in (IMAGE, PROMPT, EMPTY))
    arguments = [stage, image, MASK, prompt, empty, timesteps, SCALE]
    out, after = student.call_echo("inpaint", *arguments, seed=seed)
    return stage, as_tensor(out, tuple(image.shape), WHAT), after


def kept_noise(picture: Tensor, t: int) -> Tensor:
    """What the kept pixels have as noise, if their level is that of t; float64."""
    residual = picture[~NEW].double() - BAR[t].sqrt() * IMAGE[0][~NEW]
    return residual / (1 - BAR[t]).sqrt()


def test_shape(student: Subject) -> None:
    """One picture and a batch keep their shape; picture and mask are left as they were."""
    run(student, 1, count=2)
    stage, _, after = run(student, 2)
    expect(len(stage.calls) > 0, UNASKED)
    expect(close(after[1], IMAGE), "inpaint changes the original: work on a copy.")
    expect(close(after[2], MASK), "inpaint changes the mask: work on a copy.")


def test_kept_pixels(student: Subject) -> None:
    """Where the mask is 0 the result is the original, where it is 1 it is not."""
    stage, result, _ = run(student, 3)
    expect(len(stage.calls) > 0, UNASKED)
    allowed = 7 * float((1 - BAR[0]).sqrt())
    off = (result - IMAGE)[0].abs()
    if float(off[NEW].max()) < allowed and float(off[~NEW].max()) > allowed:
        expect(False, "The mask is inverted: 1 is new content, 0 is kept.")
    expect(
        float(off[~NEW].max()) < allowed,
        "Where the mask is 0 the result is not the original: put it back after every step, also "
        "after the last one.",
    )
    expect(float(off[NEW].mean()) > allowed, "Where the mask is 1 the result is the original.")


def test_noise_level(student: Subject) -> None:
    """After each step the kept pixels are the original at the level of the new timestep."""
    stage, result, _ = run(student, 4)
    pictures = pictures_of(stage, TIMESTEPS, 0, result)
    last: Tensor | None = None
    for i in range(1, len(TIMESTEPS)):
        t, prev_t = TIMESTEPS[i - 1 : i + 1]
        noise = kept_noise(pictures[i], prev_t)
        what = (
            f"After the step from t = {t} to {prev_t} the kept pixels must be "
            f"forward(original_image, {prev_t}, ...). Their noise"
        )
        check_standard_normal(noise, what, independent_of=IMAGE[0][~NEW])
        if last is not None:
            limit = SIGMAS / len(noise) ** 0.5
            expect(
                abs(correlation(last, noise)) < limit,
                "The kept pixels have the same noise after every step: draw it anew.",
            )
        last = noise


def test_new_content(student: Subject) -> None:
    """In the mask it is the guided loop, from pure noise to timestep 0."""
    for seed, timesteps in ((5, TIMESTEPS), (6, LATE)):
        stage, result, _ = run(student, seed, timesteps=timesteps)
        found = steps_of(stage, timesteps, 0, result)
        # The kept pixels may start at the original's level already, which is near noise at 990.
        start = found[0].before if timesteps[0] == TIMESTEPS[0] else found[0].before[NEW]
        check_standard_normal(start, "The start, torch.randn_like(original_image),")
        for step in found:
            judge_step(stage, step)
        check_no_gradient(stage)


def judge_step(stage: FakeStage, step: Step) -> None:
    """A step in the mask has the guided noise and the variance of the pass with the prompt."""
    cond = call_for(step.calls, PROMPT)
    if cond is None or call_for(step.calls, EMPTY) is None:
        expect(False, "In every step the UNet is asked with the prompt and the empty prompt.")
        return
    noise = guided(stage, step.before, step.t, PROMPT, EMPTY, SCALE)
    message = (
        "the new content is not that of the guided loop of A 1.6. Look at the guidance, at the "
        "means and at the mask, which is 1 for new content."
    )
    check_mean(step, noise, NEW, message)
    check_variance(step, cond.variance)


def probe(student: Subject) -> Behaviour:
    """Outline of the run, guidance scale in the mask, level of all pixels after some steps."""
    stage = FakeStage(8)
    student.serve(**Earlier(stage, 8).functions())
    arguments = [stage, IMAGE, MASK, PROMPT, EMPTY, TIMESTEPS, SCALE]
    after: list[Any] = []

    def call() -> Any:
        out, echo = student.call_echo("inpaint", *arguments, seed=8)
        after.extend(echo)
        return out

    out = attempt(call)
    if not isinstance(out, Tensor) or out.shape != IMAGE.shape or not stage.calls:
        return {"result": out if isinstance(out, str) else "not a picture"}
    found = outline(stage)
    found["changed"] = float(not close(after[1], IMAGE))
    found["scale"] = implied_scale(stage, TIMESTEPS, out, PROMPT, EMPTY, NEW)
    pictures = [stage.calls[0].x] + [
        next((call.x for call in stage.calls if call.t == t), torch.zeros(3, 64, 64))
        for t in TIMESTEPS[1:-1]
    ]
    for i, picture in enumerate([*pictures, out[0]]):
        found[f"kept {i}"] = level(picture[~NEW], i)
        found[f"original {i}"] = float(correlation(picture[NEW], IMAGE[0][NEW]) > 0.2)
    if found[f"original {len(TIMESTEPS) - 1}"]:
        # The mask is inverted, and what stands in its place has neither level nor guidance.
        return {k: v for k, v in found.items() if not k.startswith(("kept", "scale"))}
    # The noise on the kept pixels, if they are at the level before the step or after it.
    rests = [
        (p - BAR[t].sqrt() * IMAGE[0])[~NEW] for p, t in zip(pictures, TIMESTEPS, strict=False)
    ]
    found["same noise"] = float(abs(correlation(rests[3].double(), rests[4].double())) > 0.5)
    return found


def level(kept: Tensor, i: int) -> str:
    """Which noise level the kept pixels have at position i of the timesteps, if any."""
    original = IMAGE[0][~NEW]
    levels = {"clean": 1.0, "half": 0.5, "nothing": 0.0}
    if i > 0:
        now, before = (float(BAR[TIMESTEPS[k]]) for k in (i, i - 1))
        levels = {"clean": 1.0, "now": now, "before": before}
    name = nearest_level(kept, original, levels)
    return name if float((kept - levels[name] ** 0.5 * original).std()) < 1.2 else "other"
