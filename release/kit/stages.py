"""Loading the pretrained text-to-image model: the miniature, DeepFloyd, or any directory."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .errors import KitError
from .hub import explain_hub_failure
from .layout import check_layout
from .paths import MINIATURE
from .quiet import quiet_progress
from .tiny import make_tiny_stage_1

if TYPE_CHECKING:
    from diffusers import IFPipeline

ENVIRONMENT = "KIT_STAGE_1"
"""Environment variable with the source to use when none is given."""

DEEPFLOYD = "DeepFloyd/IF-I-L-v1.0"
"""The full-size model of the original assignment; gated, and it wants a GPU."""


def load_stage_1(
    source: str | Path | None = None,
    device: str | torch.device | None = None,
    *,
    cpu_offload: bool = False,
) -> IFPipeline:
    """Load a text-to-image pipeline whose UNet draws 64x64 pictures.

    Args:
        source: One of: None, for what the environment variable KIT_STAGE_1 names, and without it
            for the miniature that ships with the course; `"tiny"`, for random weights, made on
            the spot for quick runs; a directory that `IFPipeline.save_pretrained` wrote; a hub
            name such as `"DeepFloyd/IF-I-L-v1.0"`, which loads in half precision without its text
            encoder (give precomputed embeddings to `embed`).
        device: Where to put the model; a CUDA device if there is one, else the CPU.
        cpu_offload: Keep the model on the CPU and bring each part to the GPU when it runs; slower,
            for GPUs with little memory.

    Returns:
        The pipeline, in evaluation mode, without gradients; `.unet` gives six channels: noise and
        variance.

    Raises:
        KitError: If nothing usable is there, saying what to do next.
    """
    chosen = source if source is not None else os.environ.get(ENVIRONMENT) or MINIATURE
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if cpu_offload and target.type == "cpu":
        raise KitError("load_stage_1: cpu_offload=True needs a GPU; leave it out to run on the CPU")
    return _place(_load(chosen, target), target, cpu_offload=cpu_offload)


def _load(chosen: str | Path, device: torch.device) -> IFPipeline:
    """Load what a source names: tiny weights, a directory, or a name of the hub."""
    directory = Path(chosen).expanduser()
    if str(chosen) == "tiny":
        with tempfile.TemporaryDirectory() as folder:
            return _load_directory(make_tiny_stage_1(folder))
    if directory.is_dir():
        return _load_directory(directory)
    if isinstance(chosen, str) and re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", chosen):
        return _load_hub(chosen, device)
    raise KitError(
        f"load_stage_1: no directory {str(chosen)!r}; give a directory that "
        f"IFPipeline.save_pretrained wrote, a hub name such as {DEEPFLOYD!r}, 'tiny', or "
        "nothing for the miniature"
    )


def _load_directory(directory: Path) -> IFPipeline:
    """Load a local pipeline in single precision, after a look at its files."""
    from diffusers import IFPipeline

    variant = check_layout(directory)
    try:
        with quiet_progress():
            return IFPipeline.from_pretrained(
                str(directory), variant=variant, torch_dtype=torch.float32, local_files_only=True
            )
    except Exception as error:
        raise KitError(
            f"load_stage_1: the weights in {directory} do not fit their config.json or cannot be "
            f"read ({_first_line(error)}); copy or save the directory again"
        ) from error


def _load_hub(name: str, device: torch.device) -> IFPipeline:
    """Load a gated, full-size pipeline the way the original assignment does."""
    from diffusers import IFPipeline

    dtype = torch.float32 if device.type == "cpu" else torch.float16
    try:
        with quiet_progress():
            return IFPipeline.from_pretrained(
                name, variant="fp16", text_encoder=None, torch_dtype=dtype
            )
    except Exception as error:
        raise KitError(f"load_stage_1: {explain_hub_failure(name, error)}") from error


def _place(pipeline: Any, device: torch.device, *, cpu_offload: bool) -> IFPipeline:
    """Freeze the models and bring them to the device."""
    for model in (pipeline.unet, pipeline.text_encoder):
        if model is not None:
            model.eval().requires_grad_(False)
    channels = (pipeline.unet.config.in_channels, pipeline.unet.config.out_channels)
    if channels != (3, 6):
        raise KitError(
            f"load_stage_1: this UNet has {channels[0]} channels in and {channels[1]} out; the "
            "course needs a stage I with 3 in and 6 out (noise and variance)"
        )
    pipeline.set_progress_bar_config(leave=False)
    if cpu_offload:
        pipeline.enable_model_cpu_offload(device=device)
        return pipeline
    return pipeline.to(device)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
