"""Writing a model as an `IFPipeline` directory, without diffusers or transformers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from .errors import MiniatureError
from .text_encoder import BUCKETS, FAR, TextShape
from .tokenizer import LENGTH, Tokenizer
from .unet import UNetShape

UNET_FILE = "unet/diffusion_pytorch_model.fp16.safetensors"
TEXT_FILE = "text_encoder/model.fp16.safetensors"
_VERSION = "0.42.1"


def export(
    directory: Path,
    weights: Mapping[str, Tensor],
    unet: UNetShape,
    text: TextShape,
    tokenizer: Tokenizer,
) -> None:
    """Write a directory that `IFPipeline.from_pretrained(..., variant="fp16")` loads.

    What is there is replaced once the new directory is whole.

    Args:
        directory: Where to write.
        weights: Weights by name, from `unet.` and `text_encoder.`.
        unet: Sizes of the UNet.
        text: Sizes of the text encoder.
        tokenizer: The words.
    """
    partial = directory.with_name(directory.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    pages = {
        "model_index.json": _index(),
        "scheduler/scheduler_config.json": _scheduler(),
        "unet/config.json": _unet(unet),
        "text_encoder/config.json": _text_encoder(text),
        "tokenizer/tokenizer.json": tokenizer.as_json(),
        "tokenizer/tokenizer_config.json": _tokenizer(),
    }
    for name, page in pages.items():
        (partial / name).parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps(page, indent=2, ensure_ascii=False) + "\n"
        (partial / name).write_text(content, encoding="utf-8")
    for name, file in (("unet.", UNET_FILE), ("text_encoder.", TEXT_FILE)):
        try:
            _save(weights, name, partial / file)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise MiniatureError(
                f"{directory / file} cannot be written ({error}); make room and resume"
            ) from error
    old = directory.with_name(directory.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.rename(old)
    partial.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


def _save(weights: Mapping[str, Tensor], start: str, file: Path) -> None:
    """Write the weights whose names start so, without that start, in half precision."""
    part = {
        name.removeprefix(start): value.detach().to("cpu", torch.float16).contiguous()
        for name, value in weights.items()
        if name.startswith(start)
    }
    save_file(part, file, metadata={"format": "pt"})


def _index() -> dict[str, Any]:
    return {
        "_class_name": "IFPipeline",
        "_diffusers_version": _VERSION,
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDPMScheduler"],
        "text_encoder": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "watermarker": [None, None],
    }


def _scheduler() -> dict[str, Any]:
    return {
        "_class_name": "DDPMScheduler",
        "_diffusers_version": _VERSION,
        "beta_schedule": "squaredcos_cap_v2",
        "clip_sample": True,
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
        "thresholding": False,
        "timestep_spacing": "leading",
        "variance_type": "learned_range",
    }


def _unet(shape: UNetShape) -> dict[str, Any]:
    down = ["CrossAttnDownBlock2D" if heads else "DownBlock2D" for heads in shape.heads]
    up = ["CrossAttnUpBlock2D" if heads else "UpBlock2D" for heads in reversed(shape.heads)]
    return {
        "_class_name": "UNet2DConditionModel",
        "_diffusers_version": _VERSION,
        "sample_size": 64,
        "in_channels": 3,
        "out_channels": 6,
        "block_out_channels": list(shape.channels),
        "down_block_types": down,
        "up_block_types": up,
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "layers_per_block": 1,
        # diffusers reads this as the number of heads.
        "attention_head_dim": [max(heads, 1) for heads in shape.heads],
        "cross_attention_dim": shape.text,
        "norm_num_groups": shape.groups,
        "resnet_time_scale_shift": "scale_shift",
        "time_embedding_dim": shape.time,
        "use_linear_projection": True,
        "addition_embed_type": "text",
        "addition_embed_type_num_heads": 8,
    }


def _text_encoder(shape: TextShape) -> dict[str, Any]:
    return {
        "architectures": ["T5EncoderModel"],
        "model_type": "t5",
        "vocab_size": shape.vocabulary,
        "d_model": shape.width,
        "d_kv": shape.width // shape.heads,
        "d_ff": shape.inner,
        "num_layers": shape.layers,
        "num_heads": shape.heads,
        "relative_attention_num_buckets": BUCKETS,
        "relative_attention_max_distance": FAR,
        "feed_forward_proj": "gated-gelu",
        "dropout_rate": 0.0,
        "is_encoder_decoder": False,
        "use_cache": False,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "dtype": "float16",
    }


def _tokenizer() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": LENGTH,
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
