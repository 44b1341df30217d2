"""Question: do the solutions run on a real diffusers pipeline, as the notebooks have it?"""

from __future__ import annotations

from typing import Any

import kit
import pytest
import torch

from solutions import editing, illusions, sampling

LAST = [90, 60, 30, 0]


@pytest.fixture(scope="module", params=[False, True], ids=["miniature", "deepfloyd"])
def stage_1(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny IFPipeline with random weights, in the layout of either model."""
    directory = tmp_path_factory.mktemp("tiny")
    kit.make_tiny_stage_1(directory, deepfloyd_layout=request.param)
    return kit.load_stage_1(str(directory))


def test_all_of_part_a_runs_on_a_real_pipeline(stage_1: Any) -> None:
    """Every function takes the pipeline and gives finite pictures of the input's shape."""
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    far, near, empty = torch.randn(1, 77, 32), torch.randn(1, 77, 32), torch.zeros(1, 77, 32)
    mask = torch.zeros(1, 1, 64, 64)
    results = [
        sampling.one_step_denoise(stage_1, image, 500, far),
        sampling.iterative_denoise(stage_1, image, 0, far, LAST),
        sampling.sample(stage_1, 2, far, LAST).float(),
        sampling.iterative_denoise_cfg(stage_1, image, 1, far, empty, LAST),
        editing.sdedit(stage_1, image, 1, far, empty, LAST),
        editing.inpaint(stage_1, image, mask, far, empty, LAST),
        illusions.visual_anagrams(stage_1, image, 1, (far, near), empty, LAST),
        illusions.make_hybrids(stage_1, image, 1, (far, near), empty, LAST),
    ]
    for result in results:
        assert result.shape == image.shape
        assert result.isfinite().all()
