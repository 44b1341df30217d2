"""The names that an answer finds in place, as in the notebook."""

from __future__ import annotations

# What every notebook has imported before its first exercise.
PRELUDE = """
import math
import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from torch import Tensor, nn
from tqdm.auto import tqdm
from kit import add_variance
"""
