"""Checks of `ddpm_forward(unet, schedule, x_0, num_ts)`.

The network is served: what it is given, what it answers and the gradient that comes back are
known, so x_t, t and the noise that the output is compared with are, too (see
`oracles.training_loss`). Inputs: 500 random images, T = 5 (and 7) with a steep schedule, of which
neighbouring timesteps differ by a tenth or more in their noise. Statistics are tested for each
timestep at six standard errors (44 tests of 2e-9, of about 78000 values each); the timesteps must
be uniform by two chi-squared tests of 5e-9. False alarms: less than 2e-7 a submission.
"""

from __future__ import annotations

from autograder.checking import close, expect
from autograder.diagnosis import Behaviour
from autograder.oracles import training_loss as oracle
from autograder.oracles.loss_features import features
from autograder.oracles.training_loss import Loss, argument
from autograder.subject import Subject

STANDINS = oracle.STANDINS


def run(student: Subject, seed: int, num_ts: int = oracle.NUM_TS) -> Loss:
    """One call of the loss on random images."""
    return oracle.run_loss(student, "ddpm_forward", seed, num_ts=num_ts)


def test_scalar(student: Subject) -> None:
    """The loss is one number with a gradient, and the images stay as they were."""
    oracle.check_scalar(run(student, 1))


def test_noising(student: Subject) -> None:
    """The network sees x_0 and noise, scaled for the timestep of each image, drawn anew."""
    first, second = run(student, 2), run(student, 3)
    noises = [oracle.check_noising(loss, argument(loss.call, 1, "t")) for loss in (first, second)]
    expect(not close(noises[0], noises[1], rtol=0.01, atol=0.01), oracle.SEEDED)


def test_time_input(student: Subject) -> None:
    """The network sees t / num_ts, with t uniform from 1 to num_ts for each image."""
    for seed, num_ts in ((4, oracle.NUM_TS), (5, 7)):
        loss = run(student, seed, num_ts)
        oracle.check_times(loss, argument(loss.call, 1, "t"))


def test_target(student: Subject) -> None:
    """The output is compared with the noise, by the mean of squares."""
    oracle.check_target(run(student, 6))


def probe(student: Subject) -> Behaviour:
    """Times, target, powers of alpha-bar in the noising."""
    return features(student, "ddpm_forward", (), 1)
