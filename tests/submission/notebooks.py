"""A five-exercise course, answers to it, and makers of real cells."""

from __future__ import annotations

from typing import Any

import nbformat

# nbformat has no annotations.
v4: Any = nbformat.v4

MANIFEST = """
[a1_1_forward]
title = "Forward"
part = "a"
section = "A 1.1"
source = "solutions.sampling:forward"
checks = { shape = 1, noise = 2 }
hint = "Two terms."
device = "cpu"

[a1_1_figure]
title = "Noisy pictures"
part = "a"
section = "A 1.1"
manual = true
points = 3
rubric = ["Three pictures."]
kind = "figure"
device = "cpu"

[a1_6_cfg]
title = "Guidance"
part = "a"
section = "A 1.6"
source = ["solutions.sampling:cfg_noise", "solutions.sampling:iterative_denoise_cfg"]
checks = { combination = 2 }
hint = "Extrapolate."
device = "cpu"

[a1_7_words]
title = "What is seen"
part = "a"
section = "A 1.7"
manual = true
points = 1
rubric = ["A sentence."]
kind = "text"
device = "cpu"

[b1_2_noise]
title = "Noise"
part = "b"
section = "B 1.2"
source = "solutions.training:add_noise"
checks = { shape = 1 }
hint = "Add."
device = "cpu"
"""

FORWARD = "def forward(im, t, alphas_cumprod):\n    return im * alphas_cumprod[t].sqrt()\n"
STUB = (
    'def forward(im, t, alphas_cumprod):\n    """Adds noise."""\n'
    "    # YOUR CODE HERE\n    raise NotImplementedError()\n"
)
CFG_NOISE = "def cfg_noise(noise_uncond, noise_cond, scale):\n    return noise_cond\n"
CFG_LOOP = "def iterative_denoise_cfg(stage_1, im_noisy):\n    return im_noisy\n"
CFG_STUBS = (
    "def cfg_noise(noise_uncond, noise_cond, scale):\n    raise NotImplementedError()\n\n"
    "def iterative_denoise_cfg(stage_1, im_noisy):\n    raise NotImplementedError()\n"
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"


def code(source: str, grade_id: str = "", **metadata: Any) -> Any:
    """Makes a code cell, with nbgrader's metadata if it has a ``grade_id``."""
    cell = v4.new_code_cell(source)
    if grade_id:
        cell.metadata["nbgrader"] = {"grade_id": grade_id, "schema_version": 3, **metadata}
    return cell


def markdown(source: str, grade_id: str = "") -> Any:
    """Makes a Markdown cell, with nbgrader's metadata if it has a ``grade_id``."""
    cell = v4.new_markdown_cell(source)
    if grade_id:
        cell.metadata["nbgrader"] = {"grade_id": grade_id, "schema_version": 3}
    return cell


def with_picture(cell: Any) -> Any:
    """Adds a picture to a code cell's outputs."""
    cell.outputs.append(v4.new_output("display_data", {"image/png": PNG}))
    return cell
