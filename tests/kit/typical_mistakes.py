"""Typical mistakes as changes of the solutions' text, and what the visible checks say to them."""

# ruff: noqa: E501 - one mistake a line, as the table that it is

from __future__ import annotations

import importlib
import inspect
import linecache
import re
from dataclasses import dataclass
from typing import Any

from course.manifest import Exercise, load_manifest

EXERCISES: dict[str, Exercise] = {
    name: exercise for name, exercise in load_manifest().exercises.items() if not exercise.manual
}

_REGION = re.compile(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION\n", re.DOTALL)


@dataclass(frozen=True)
class Typical:
    """A mistake in an exercise.

    Attributes:
        exercise: Id of the exercise.
        old: Text of the solution, all of whose places change.
        new: What the mistaken student writes there.
        check: Visible check that should fail.
        says: Part of its message.
    """

    exercise: str
    old: str
    new: str
    check: str
    says: str


TYPICAL = (
    Typical("a1_1_forward", "alpha_bar.sqrt() *", "alpha_bar *", "image", "square root"),
    Typical("a1_1_forward", "(1 - alpha_bar).sqrt()", "(1 - alpha_bar)", "noise", "square root"),
    Typical("a1_1_forward", "randn_like", "rand_like", "noise", "expected 0"),
    Typical("a1_2_classical", "[sigma, sigma]", "[1.0, 1.0]", "blur", "sigma = 2"),
    Typical("a1_3_one_step", " / alpha_bar.sqrt()", "", "estimate", "solve the equation"),
    Typical("a1_3_one_step", "noise_est, _ =", "_, noise_est =", "estimate", "off by"),
    Typical("a1_3_one_step", "torch.no_grad()", "torch.enable_grad()", "no_gradient", "no_grad"),
    Typical("a1_4_timesteps", "-1, -stride", "0, -stride", "values", "last timestep is 30"),
    Typical("a1_4_iterative", "alpha_bar / alpha_bar_prev", "alpha_bar", "mean", "the step"),
    Typical("a1_4_iterative", "variance, t, ", "variance, prev_t, ", "variance", "give it t"),
    Typical("a1_4_iterative", "add_variance(stage_1, variance, t, ", "(", "variance", "never"),
    Typical("a1_4_iterative", "image = im_noisy", "image = im_noisy.mul_(2)", "input_unchanged", "im_noisy"),
    Typical("a1_4_iterative", "range(i_start,", "range(i_start + 1,", "timesteps", "i_start"),
    Typical("a1_5_sample", "torch.randn", "torch.rand", "starts_from_noise", "pure noise"),
    Typical("a1_5_sample", "noise, 0,", "noise, 1,", "all_steps", "timesteps[i_start] = 990"),
    Typical("a1_6_cfg", "return noise_uncond + scale", "return noise_cond + scale", "combination", "(1 + scale)"),
    Typical("a1_6_cfg", "noise_uncond, noise_cond, scale)", "noise_cond, noise_uncond, scale)", "mean", "which noise"),
    Typical("a1_6_cfg", "encoder_hidden_states=uncond", "encoder_hidden_states=cond", "both_prompts", "uncond"),
    Typical("a1_7_sdedit", "timesteps[i_start],", "i_start,", "noise_level", "not a timestep"),
    Typical("a1_7_sdedit", "timesteps, scale", "timesteps", "guided_loop", "scale"),
    Typical("a1_7_2_inpaint", "mask * image + (1 - mask) * kept", "mask * kept + (1 - mask) * image", "kept_pixels", "inverted"),
    Typical("a1_7_2_inpaint", "forward(original_image, prev_t,", "forward(original_image, t,", "noise_level", "kept pixels"),
    Typical("a1_8_anagram", "dims=[2]", "dims=[3]", "flips", "left to right"),
    Typical("a1_8_anagram", "dims=[2]", "dims=[2, 3]", "flips", "rotated"),
    Typical("a1_8_anagram", "noise_2.flip(dims=[2])) / 2", "noise_2.flip(dims=[2]))", "average", "mean"),
    Typical("a1_9_hybrid", "low_far + (near - low_near)", "low_near + (far - low_far)", "low_pass", "swapped"),
    Typical("a1_9_hybrid", "(near - low_near)", "near", "low_pass", "first prompt"),
    Typical("b1_1_blocks", "nn.AvgPool2d(kernel_size=7), nn.GELU()", "nn.AvgPool2d(kernel_size=7)", "values", "0.841"),
    Typical("b1_1_blocks", "            nn.BatchNorm2d(out_channels),\n", "", "parameters", "Conv with"),
    Typical("b1_1_unet", "self.last(self.conv_out(", "F.gelu(self.last)(self.conv_out(", "shape", "TypeError"),
    Typical("b1_1_unet", "padding=1)", "padding=1, bias=False)", "parameters", "124,433"),
    Typical("b1_2_noise", "x + sigma * torch.randn_like(x)", "(x + sigma * torch.randn_like(x)).clamp(0, 1)", "statistics", "clipped"),
    Typical("b1_2_train", "x = x.to(device)", "x = torch.randn_like(x)", "target", "clean digits"),
    Typical("b1_2_train", "losses.append(loss.item())", "losses.append(loss)", "losses", "loss.item()"),
    Typical("b1_2_train", "optimizer.step()", "pass", "learns", "optimizer.step()"),
    Typical("b2_1_time_unet", "t.view(-1, 1)", "t.view(-1, 1)[:1]", "uses_time", "same at t = 0 and t = 1"),
    Typical("b2_2_schedule", "alphas.cumprod(dim=0)", "alphas.cumsum(dim=0)", "values", "running product"),
    Typical("b2_2_forward", "[t - 1]", "[t - 2]", "noising", "alpha_bars[t - 1]"),
    Typical("b2_2_forward", "t.to(x_0) / num_ts", "t.to(x_0)", "time_input", "divide t by num_ts"),
    Typical("b2_2_forward", "num_ts), epsilon)", "num_ts), x_0)", "target", "predicts the noise"),
    Typical("b2_3_sample", "if t > 1 else torch.zeros_like(x)", "", "last_step", "adds none"),
    Typical("b2_3_sample", "beta.sqrt() * z", "beta * z", "variance", "sqrt(beta_t)"),
    Typical("b2_4_class_unet", "one_hot = one_hot * mask.view(-1, 1)", "pass", "mask", "mask of zeros"),
    Typical("b2_4_forward", ">= p_uncond", "< p_uncond", "dropped_classes", "1 keeps a class"),
    Typical("b2_5_train", "lr=lr", "lr=10 * lr", "learning_rate", "0.0100"),
    Typical("b2_5_train", "losses.append(loss.item())", "losses.append(loss.item()); decay.step()", "learning_rate", "once an epoch"),
    Typical("b2_5_sample", "epsilon_u + guidance_scale * (", "epsilon_c + guidance_scale * (", "guidance", "guidance_scale"),
    Typical("b2_5_sample", "mask=drop", "mask=keep", "both_passes", "mask of zeros"),
)  # fmt: skip


def solved(exercise: str) -> list[Any]:
    """Return the solution's objects of an exercise."""
    return [getattr(importlib.import_module(m), name) for m, name in _sources(exercise)]


def stubs(exercise: str) -> list[Any]:
    """Return the objects as a student gets them: each region raises NotImplementedError."""
    return [_rebuilt(m, name, stub=True) for m, name in _sources(exercise)]


def mistaken(mistake: Typical) -> list[Any]:
    """Return the objects with a mistake in them.

    Raises:
        ValueError: If the solution no longer has the text that the mistake changes.
    """
    sources = _sources(mistake.exercise)
    texts = [inspect.getsource(getattr(importlib.import_module(m), n)) for m, n in sources]
    if not any(mistake.old in text for text in texts):
        raise ValueError(f"{mistake.exercise}: the solution no longer has {mistake.old!r}")
    return [_rebuilt(m, n, mistake.old, mistake.new) for m, n in sources]


def _sources(exercise: str) -> list[tuple[str, str]]:
    pairs = [source.split(":") for source in EXERCISES[exercise].sources]
    return [(module, name) for module, name in pairs]


def _rebuilt(module: str, name: str, old: str = "", new: str = "", *, stub: bool = False) -> Any:
    """Run an object's changed source in a copy of its module's names, as in a cell of its own."""
    home = importlib.import_module(module)
    text = inspect.getsource(getattr(home, name))
    text = _REGION.sub(r"\1raise NotImplementedError()\n", text) if stub else text
    text = text.replace(old, new) if old else text
    cell = f"<cell {module}.{name}>"
    linecache.cache[cell] = (len(text), None, text.splitlines(True), cell)
    # In a notebook all names are those of __main__.
    names = {**vars(home), "__name__": "__main__"}
    exec(compile(text, cell, "exec"), names)
    return names[name]
