"""Checks of `ddpm_forward_class(unet, schedule, x_0, c, p_uncond, num_ts)`.

As for `ddpm_forward` (see `oracles.training_loss`): 500 random images, T = 5 with a steep schedule,
statistics for each timestep at six standard errors. Classes run from 0 to 9. The number of dropped
classes is tested at p_uncond = 0.1 and 0.3, at six standard errors of a binomial, and exactly at 0
and 1; no dropping at all is off by 7 of these errors at 0.1 and by 14 at 0.3. False alarms: less
than 2e-7 a submission.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checking import close, expect
from autograder.diagnosis import Behaviour
from autograder.oracles import training_loss as oracle
from autograder.oracles.loss_features import features
from autograder.oracles.training_loss import Loss, argument
from autograder.subject import Subject

STANDINS = oracle.STANDINS
NAME = "ddpm_forward_class"
CLASSES = torch.randint(0, 10, (oracle.NUM_IMAGES,), generator=torch.Generator().manual_seed(24))


def run(student: Subject, seed: int, p_uncond: float = 0.1, num_ts: int = oracle.NUM_TS) -> Loss:
    """One call of the loss on random images."""
    return oracle.run_loss(student, NAME, seed, (CLASSES, p_uncond), num_ts)


def kept(loss: Loss) -> Tensor:
    """Which classes the network was allowed to see, (N,), bool, or a failed check."""
    mask = argument(loss.call, 3, "mask")
    if mask is None:
        return torch.ones(len(CLASSES), dtype=torch.bool)
    expect(
        isinstance(mask, Tensor) and mask.numel() == len(CLASSES),
        "The mask must be a tensor with one number per image.",
    )
    values = mask.double().flatten()
    expect(bool(((values == 0) | (values == 1)).all()), "The mask must hold only 0 and 1.")
    keep: Tensor = values == 1
    return keep


def test_scalar(student: Subject) -> None:
    """The loss is one number with a gradient; images and classes reach the network unharmed."""
    loss = run(student, 1)
    oracle.check_scalar(loss)
    c = argument(loss.call, 1, "c")
    same = isinstance(c, Tensor) and not c.is_floating_point() and torch.equal(c.long(), CLASSES)
    expect(
        same,
        "The UNet must be given the classes c as they are, as its second argument: a dropped class "
        "is told by the mask, it is not class 0.",
    )


def test_noising(student: Subject) -> None:
    """The network sees noised images and t / num_ts, drawn anew for each image and call."""
    noises = []
    for seed in (2, 3):
        loss = run(student, seed)
        times = argument(loss.call, 2, "t")
        noises.append(oracle.check_noising(loss, times))
        oracle.check_times(loss, times)
    expect(not close(noises[0], noises[1], rtol=0.01, atol=0.01), oracle.SEEDED)


def test_target(student: Subject) -> None:
    """The output is compared with the noise, by the mean of squares."""
    oracle.check_target(run(student, 6))


def test_dropped_classes(student: Subject) -> None:
    """Each class is dropped with probability p_uncond, by a mask of zeros and ones."""
    patterns = []
    for seed, p_uncond in ((9, 0.1), (10, 0.3), (11, 0.3), (7, 0.0), (8, 1.0)):
        keep = kept(run(student, seed, p_uncond))
        count, dropped = len(keep), int((~keep).sum())
        error = (count * p_uncond * (1 - p_uncond)) ** 0.5
        inverted = p_uncond == 0.1 and abs(dropped - 0.9 * count) <= 6 * error
        expect(not inverted, "The mask is inverted: 1 keeps a class, 0 drops it.")
        expect(
            abs(dropped - count * p_uncond) <= 6 * error,
            f"Of {count} classes {dropped} are dropped at p_uncond = {p_uncond}: drop each of them "
            "with this probability, by a draw of its own.",
        )
        patterns.append(keep)
    expect(not torch.equal(patterns[1], patterns[2]), "Which classes are dropped must be random.")


def probe(student: Subject) -> Behaviour:
    """As for `ddpm_forward`, and what happens to classes at p_uncond = 0, 0.2 and 1."""
    found = features(student, NAME, (CLASSES, 0.2), 2)
    if set(found) <= {"type", "calls"}:
        return found
    for p_uncond in (0.0, 0.2, 1.0):
        try:
            loss = run(student, 12, p_uncond)
            keep = kept(loss)
        except AssertionError:
            found[f"mask {p_uncond}"] = "unreadable"
            continue
        # Steps of 0.1 are more than six standard errors of the share.
        found[f"kept {p_uncond}"] = round(10 * float(keep.double().mean())) / 10
        found[f"classes {p_uncond}"] = _classes(argument(loss.call, 1, "c"))
    return found


def _classes(c: Any) -> str:
    """How the network was given the classes."""
    if not isinstance(c, Tensor) or c.numel() != len(CLASSES):
        return "another shape"
    changed = c.flatten().double() != CLASSES
    if not bool(changed.any()):
        return "as they are"
    return "some are 0" if bool((c.flatten()[changed] == 0).all()) else "others"
