"""The mathematics of `solutions/` at full speed: data on the device, bf16, fused Adam, graphs.

Nothing here is taught or graded; `tests/fast` shows that it agrees with the readable loops.
"""

from __future__ import annotations

from .ddpm import DDPMSetting, train_ddpm_fast
from .denoiser import DenoiserSetting, train_denoiser_fast
from .judge import Judge, frechet_distance, train_judge
from .resume import Checkpoint
from .sampling import sample_fast
from .stepping import TrainingError, synchronize

__all__ = [
    "Checkpoint",
    "DDPMSetting",
    "DenoiserSetting",
    "Judge",
    "TrainingError",
    "frechet_distance",
    "sample_fast",
    "synchronize",
    "train_ddpm_fast",
    "train_denoiser_fast",
    "train_judge",
]
