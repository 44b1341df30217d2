"""A tiny, randomly initialised `IFPipeline`, for tests and quick runs of the notebooks.

It draws nothing that means anything, but every call, shape and file is the real one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .paths import MINIATURE
from .quiet import quiet_progress

if TYPE_CHECKING:
    from diffusers import DDPMScheduler, UNet2DConditionModel
    from transformers import T5EncoderModel

WIDTH = 32
"""Width of the tiny text embeddings (256 in the miniature, 4096 in DeepFloyd)."""


def make_tiny_stage_1(
    directory: str | Path, *, deepfloyd_layout: bool = False, seed: int = 0
) -> Path:
    """Write a tiny `IFPipeline` with random weights into a directory.

    Args:
        directory: Folder to write, made if it is not there.
        deepfloyd_layout: As DeepFloyd is loaded: no text encoder, thresholding scheduler,
            projected text embeddings. Else as the miniature: a T5 encoder trained with it.
        seed: Seed of the weights; the global random state is left alone.

    Returns:
        The directory; `load_stage_1(directory)` reads it.
    """
    from diffusers import IFPipeline
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(MINIATURE / "tokenizer")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet = _tiny_unet(projected=deepfloyd_layout)
        text_encoder = None if deepfloyd_layout else _tiny_text_encoder(len(tokenizer))
    scheduler = _scheduler(thresholding=deepfloyd_layout)
    pipeline = IFPipeline(
        tokenizer,
        text_encoder,
        unet,
        scheduler,
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )
    for model in filter(None, (unet, text_encoder)):
        model.half()
    with quiet_progress():
        pipeline.save_pretrained(str(directory), variant="fp16", safe_serialization=True)
    return Path(directory)


def _scheduler(*, thresholding: bool) -> DDPMScheduler:
    from diffusers import DDPMScheduler

    return DDPMScheduler(
        beta_schedule="squaredcos_cap_v2",
        variance_type="learned_range",
        thresholding=thresholding,
        dynamic_thresholding_ratio=0.95,
        sample_max_value=1.5 if thresholding else 1.0,
    )


def _tiny_unet(*, projected: bool) -> UNet2DConditionModel:
    from diffusers import UNet2DConditionModel

    text: dict[str, Any] = (
        {"encoder_hid_dim": WIDTH, "encoder_hid_dim_type": "text_proj"} if projected else {}
    )
    return UNet2DConditionModel(
        sample_size=64,
        in_channels=3,
        out_channels=6,
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 8, 16),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=4,
        cross_attention_dim=WIDTH if not projected else 16,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        **text,
    )


def _tiny_text_encoder(vocabulary: int) -> T5EncoderModel:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary,
            d_model=WIDTH,
            d_kv=8,
            d_ff=64,
            num_layers=1,
            num_heads=4,
            feed_forward_proj="gated-gelu",
        )
    )
