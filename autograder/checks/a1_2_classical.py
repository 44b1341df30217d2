"""Checks of `classical_denoise(im_noisy, kernel_size=5, sigma=2.0)`.

Inputs: random pictures, several kernels and sigmas, and the defaults. The answer must be the
Gaussian blur of torchvision, recomputed here in float64, within 1e-4: a hundred times the
rounding of float32, and a hundredth of what another border makes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checking import as_tensor, close, expect
from autograder.diagnosis import Behaviour, attempt
from autograder.oracles.loop_log import fit
from autograder.served import gaussian_blur
from autograder.subject import Subject

KERNELS = ((5, 2.0), (3, 0.7), (9, 1.5), (7, 4.0))
ATOL = 1e-4


def pictures(seed: int, count: int = 2, width: int = 64) -> Tensor:
    """Noisy pictures, (count, 3, 64, width)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 64, width, generator=generator)


def test_shape(student: Subject) -> None:
    """A picture and a batch keep their shape; the input is left as it was."""
    for count, width in ((1, 64), (3, 40)):
        im = pictures(count, count, width)
        out, after = student.call_echo("classical_denoise", im)
        as_tensor(out, tuple(im.shape), "classical_denoise(im_noisy)")
        kept = isinstance(after[0], Tensor) and close(after[0], im)
        expect(kept, "classical_denoise changes the picture that it was given.")


def test_blur(student: Subject) -> None:
    """The result is the Gaussian blur with the kernel and sigma that were asked for."""
    im = pictures(11)
    calls: list[dict[str, Any]] = [{}]
    calls += [{"kernel_size": kernel_size, "sigma": sigma} for kernel_size, sigma in KERNELS[1:]]
    for number, given in enumerate(calls):
        kernel_size, sigma = KERNELS[number]
        by_position = number % 2 == 0
        args, kwargs = (tuple(given.values()), {}) if by_position else ((), given)
        out = student.call("classical_denoise", im, *args, **kwargs)
        plain = as_tensor(out, tuple(im.shape), "classical_denoise(im_noisy)")
        if not close(plain, gaussian_blur(im, kernel_size, sigma), atol=ATOL):
            expect(False, told(plain, im, kernel_size, sigma, default=not given))


def told(out: Tensor, im: Tensor, kernel_size: int, sigma: float, default: bool) -> str:
    """What is wrong with a blurred picture."""
    case = f"With kernel_size = {kernel_size} and sigma = {sigma:g}"
    case += ", the defaults," if default else ""
    right = gaussian_blur(im, kernel_size, sigma)
    half = kernel_size // 2
    inside = (..., slice(half, -half), slice(half, -half))
    if close(out, im):
        return f"{case} the picture comes back as it was."
    if close(out[inside], right[inside], atol=ATOL):
        return f"{case} only the border is wrong: torchvision's gaussian_blur reflects it."
    weights, rest = fit(out, right)
    if rest < 1e-3:
        return f"{case} the blurred picture is multiplied by {weights[0]:.3f}."
    others = [(k, s) for k in (3, 5, 7, 9, 11, 13, 33) for s in (0.7, 1.0, 1.5, 2.0, 3.0, 4.0)]
    fits = next((o for o in others if close(out, gaussian_blur(im, *o), atol=ATOL)), None)
    if fits is not None:
        return f"{case} you blur with kernel_size = {fits[0]} and sigma = {fits[1]:g}."
    return f"{case} the result is not torchvision's Gaussian blur."


def probe(student: Subject) -> Behaviour:
    """A few pixels at the border and inside of a small batch, for two kernels and the defaults."""
    im = pictures(12)
    found: Behaviour = {}
    for args in ((), (3, 0.7), (7, 3.0)):
        out = attempt(student.call, "classical_denoise", im, *args)
        if isinstance(out, Tensor) and out.dim() == 4:
            found[f"blur {args}"] = out[..., ::21, ::21].double()
        else:
            found[f"blur {args}"] = out if isinstance(out, str) else "another shape"
    after = attempt(lambda: student.call_echo("classical_denoise", im)[1][0])
    found["kept"] = float(isinstance(after, Tensor) and close(after, im))
    return found
