"""Embedding prompts once, with a text encoder that is too large to keep beside the UNet.

DeepFloyd's T5 encoder has 4.5 billion parameters: 11 GB in half precision, 8 GB in 8 bit. Run
this in a session of its own, keep the small file, and give it to `embed` from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .embedding import as_list, encode
from .errors import KitError
from .hub import explain_hub_failure
from .layout import check_layout
from .quiet import quiet_progress
from .stages import DEEPFLOYD

if TYPE_CHECKING:
    from diffusers import IFPipeline


def precompute_embeddings(
    prompts: str | Sequence[str],
    file: str | Path,
    source: str | Path = DEEPFLOYD,
    *,
    eight_bit: bool = False,
) -> Path:
    """Embed prompts with a pipeline's text encoder alone, and write them to a file.

    Args:
        prompts: One prompt or several; the empty one, for guidance, is always added.
        file: A `.safetensors` file to write; `embed(..., embeddings=file)` reads it.
        source: Hub name or directory of the pipeline; its UNet is not loaded.
        eight_bit: Load the encoder in 8 bit, for GPUs with less than 12 GB; needs the packages
            bitsandbytes and accelerate.

    Returns:
        The file.

    Raises:
        KitError: If the file is there already, is no `.safetensors` or cannot be written, or the
            encoder does not load, saying what to do next.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    wanted = as_list([*as_list(prompts), ""])
    target = Path(file)
    if target.suffix != ".safetensors":
        raise KitError(f"precompute_embeddings: name the file *.safetensors, not {target.name!r}")
    if target.exists():
        raise KitError(f"precompute_embeddings: {target} is there already; give another name")
    if not target.parent.is_dir():
        raise KitError(f"precompute_embeddings: no folder {target.parent}; make it first")
    pipeline = _load_encoder(source, eight_bit=eight_bit)
    found = {prompt: encode(pipeline, prompt).cpu().contiguous() for prompt in wanted}
    partial = target.with_name(target.name + ".part")
    try:
        save_file(found, partial)
        partial.replace(target)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise KitError(
            f"precompute_embeddings: {target} cannot be written ({error}); free space or choose "
            "another folder"
        ) from error
    return target


def _load_encoder(source: str | Path, *, eight_bit: bool) -> IFPipeline:
    """Load a pipeline without its UNet, on a GPU if there is one."""
    from diffusers import IFPipeline

    local = Path(source).expanduser().is_dir()
    variant = check_layout(Path(source).expanduser()) if local else "fp16"
    gpu = torch.cuda.is_available()
    options: dict[str, Any] = {"torch_dtype": torch.float16 if gpu else torch.float32}
    if eight_bit:
        options["text_encoder"] = _eight_bit_encoder(str(source))
    try:
        with quiet_progress():
            pipeline = IFPipeline.from_pretrained(
                str(source), unet=None, variant=variant, local_files_only=local, **options
            )
    except Exception as error:
        reason = explain_hub_failure(str(source), error)
        raise KitError(f"precompute_embeddings: {reason}") from error
    if pipeline.text_encoder is None:
        raise KitError(f"precompute_embeddings: {source} has no text encoder")
    return pipeline if eight_bit or not gpu else pipeline.to("cuda")


def _eight_bit_encoder(source: str) -> Any:
    """Load the text encoder alone in 8 bit, on the GPU."""
    from transformers import BitsAndBytesConfig, T5EncoderModel

    try:
        with quiet_progress():
            return T5EncoderModel.from_pretrained(
                source,
                subfolder="text_encoder",
                variant="8bit",
                device_map="auto",
                quantization_config=BitsAndBytesConfig(load_in_8bit=True),
            )
    except ImportError as error:
        raise KitError(
            "precompute_embeddings: 8 bit needs two more packages: pip install bitsandbytes "
            "accelerate"
        ) from error
    except Exception as error:
        reason = explain_hub_failure(source, error)
        raise KitError(f"precompute_embeddings: {reason}") from error
