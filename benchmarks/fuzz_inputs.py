"""What is fed to the readers: the strategies of the tests, as bytes, and good frames to spoil."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from autograder.worker.wire import Encoder, pack
from tests.core.test_wire_fuzz import TAGGED
from tests.submission.test_fuzz import notebooks


def _frame(parts: tuple[Any, bytes]) -> bytes:
    raw, payload = parts
    return pack(json.dumps(raw).encode(), payload)


FRAMES: st.SearchStrategy[bytes] = (
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda data: pack(data, b""))
    | st.tuples(TAGGED, st.binary(max_size=64)).map(_frame)
)
NOTEBOOKS: st.SearchStrategy[bytes] = notebooks.map(lambda content: json.dumps(content).encode())


def good_frame(draw: random.Random) -> bytes:
    """A frame as answers are: tensors, numbers, texts and what holds them."""
    values = [
        {"ok": torch.arange(6.0).reshape(2, 3)},
        {"ok": [np.arange(3), 1.5, None, ("a", True)]},
        {"error": {"kind": "raised", "type": "ValueError", "message": "é", "line": 3}},
        {"callback": [1, "unet", [torch.zeros(1, 3, 4, 4), 500], {"grad": False}]},
        {"ok": {"weight": torch.ones(4, dtype=torch.bfloat16), "inf": float("inf")}},
    ]
    return pack(*Encoder().dumps(draw.choice(values)))
