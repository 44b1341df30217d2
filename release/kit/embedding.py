"""From prompts in words to the embeddings that condition the UNet."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .errors import KitError
from .vocabulary import describe_unknown

if TYPE_CHECKING:
    from diffusers import IFPipeline

MAX_TOKENS = 77
"""Length to which `IFPipeline` pads and cuts prompts."""


def embed(
    prompts: str | Sequence[str],
    stage_1: IFPipeline | None = None,
    *,
    embeddings: str | Path | None = None,
) -> dict[str, Tensor]:
    """Embed prompts; the empty prompt gives the unconditional embeddings.

    Args:
        prompts: One prompt or several.
        stage_1: Pipeline to embed for; `load_stage_1()` if it is not given.
        embeddings: File with precomputed embeddings, (1, 77, d) a prompt: `.safetensors`, or
            `.pth` with a dictionary; needed when the pipeline has no text encoder.

    Returns:
        A dictionary from each prompt to its embeddings, (1, 77, d), on the pipeline's device and
        in its UNet's precision.

    Raises:
        KitError: If there is no prompt, a prompt is no string, or its embeddings are not there.
    """
    wanted = as_list(prompts)
    if stage_1 is None:
        from .stages import load_stage_1

        stage_1 = load_stage_1()
    if embeddings is not None:
        found = _precomputed(Path(embeddings), wanted)
    elif stage_1.text_encoder is None:
        raise KitError(
            "embed: this pipeline has no text encoder; give precomputed embeddings with "
            "embeddings='prompts.safetensors', made once with kit.precompute_embeddings"
        )
    else:
        found = {}
        for prompt in wanted:  # no comprehension: its frame would hide the warnings' caller
            found[prompt] = encode(stage_1, prompt)
    unet = stage_1.unet
    device = stage_1._execution_device
    return {prompt: value.to(device=device, dtype=unet.dtype) for prompt, value in found.items()}


def as_list(prompts: str | Sequence[str]) -> list[str]:
    """Return the prompts as a list without repetitions, at least one.

    Raises:
        KitError: If there is no prompt, or one is no string.
    """
    wanted = [prompts] if isinstance(prompts, str) else list(prompts)
    if not wanted:
        raise KitError("embed: the list of prompts is empty; give at least one, '' for none")
    for prompt in wanted:
        if not isinstance(prompt, str):
            raise KitError(
                f"embed: a prompt must be a string, not {type(prompt).__name__} ({prompt!r:.40})"
            )
    return list(dict.fromkeys(wanted))


def encode(stage_1: IFPipeline, prompt: str) -> Tensor:
    """Embed one prompt, (1, 77, d), as the pipeline itself does, with warnings that help.

    Args:
        stage_1: Pipeline with a text encoder.
        prompt: The prompt.
    """
    tokenizer = stage_1.tokenizer
    kept, words = _cut(tokenizer, prompt)
    if kept != prompt:
        warnings.warn(
            f"embed: {prompt[:40]!r}... has {words} words and the model reads "
            f"{MAX_TOKENS} tokens; everything after {kept[-40:]!r} is ignored",
            UserWarning,
            stacklevel=3,
        )
    unknown = describe_unknown(tokenizer, kept)
    if unknown:
        warnings.warn(f"embed: {unknown}", UserWarning, stacklevel=3)
    with torch.no_grad():
        embedding, _ = stage_1.encode_prompt(kept, do_classifier_free_guidance=False)
    return torch.as_tensor(embedding)


def _cut(tokenizer: Any, prompt: str) -> tuple[str, int]:
    """Keep the leading words that fit into the model's tokens; return them and the word count."""
    words = prompt.split()
    if _length(tokenizer, prompt) <= MAX_TOKENS:
        return prompt, len(words)
    # No word takes less than a token, so a longer prompt than this never fits.
    low, high = 0, min(len(words), MAX_TOKENS)
    while low < high:
        middle = (low + high + 1) // 2
        fits = _length(tokenizer, " ".join(words[:middle])) <= MAX_TOKENS
        low, high = (middle, high) if fits else (low, middle - 1)
    return " ".join(words[:low]), len(words)


def _length(tokenizer: Any, text: str) -> int:
    # verbose=False: the length is what is asked, no warning about it is wanted.
    ids = tokenizer(text, padding=False, truncation=False, verbose=False)
    return len(ids["input_ids"])


def _precomputed(file: Path, prompts: list[str]) -> dict[str, Tensor]:
    """Read the embeddings of the prompts from a file."""
    stored = _read(file)
    missing = [prompt for prompt in prompts if prompt not in stored]
    if missing:
        raise KitError(
            f"embed: {file} has no embeddings of {missing!r}; it has {sorted(stored)[:20]!r}"
        )
    chosen = {prompt: stored[prompt] for prompt in prompts}
    for prompt, value in chosen.items():
        if not isinstance(value, Tensor) or value.dim() != 3 or value.shape[:2] != (1, MAX_TOKENS):
            shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise KitError(f"embed: {file}: {prompt!r} is {shape}, not a (1, 77, d) tensor")
    return chosen


def _read(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise KitError(f"embed: no file {file}; give a .safetensors or .pth of embeddings")
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        # weights_only: a pickle from the web must not run code.
        stored = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise KitError(
            f"embed: {file} cannot be read as embeddings ({type(error).__name__}); "
            "download or make it again"
        ) from error
    if not isinstance(stored, dict):
        raise KitError(f"embed: {file} holds a {type(stored).__name__}, not a dict of embeddings")
    return stored
