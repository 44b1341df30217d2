"""The protocol: every type makes the way, and no malformed frame does."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
import torch

from autograder.worker import frame
from autograder.worker.wire import Decoder, Encoder, Handle, Spec, WireError, pack, unpack_prefix

DTYPES = list(frame.DTYPES.values())


def there_and_back(value: Any) -> Any:
    return Decoder().loads(*Encoder().dumps(value))


def decode(raw: Any, payload: bytes = b"") -> Any:
    return Decoder().loads(json.dumps(raw).encode(), payload)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -(2**63) + 1,
        2**63 - 1,
        1.5,
        -0.0,
        math.inf,
        -math.inf,
        "",
        "naïve \u2028 \x00 ₂",
        "\ud800",
        [],
        [1, "two", [3.0, None]],
        (),
        (1, (2, [3])),
        {},
        {"a": {"b": [1, 2]}, 1: "one", None: 2, 2.5: 3},
        {"$t": ["float32", [1], 0]},
        Handle(7),
        Spec("stage_1", 3, {"betas": [0.1, 0.2]}),
    ],
    ids=repr,
)
def test_plain_values_arrive_as_they_were_sent(value: Any) -> None:
    arrived = there_and_back(value)
    assert arrived == value
    assert type(arrived) is type(value)


def test_nan_arrives_as_nan() -> None:
    assert math.isnan(there_and_back(math.nan))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5,), (2, 3, 4)], ids=str)
def test_tensors_arrive_with_dtype_shape_and_bits(
    dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    value = torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    arrived = there_and_back(value)
    assert arrived.dtype == dtype
    assert arrived.shape == value.shape
    assert torch.equal(arrived, value)


def test_tensors_that_are_views_or_need_gradients_arrive_plain() -> None:
    base = torch.arange(12.0).reshape(3, 4)
    values = [base.t(), base[::2, 1:], base.expand(2, 3, 4), base.clone().requires_grad_()]
    for value, arrived in zip(values, there_and_back(values), strict=True):
        assert torch.equal(arrived, value.detach())
        assert type(arrived) is torch.Tensor
        assert not arrived.requires_grad
        assert arrived.is_contiguous()


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.float32(2.5),
        np.array(True),
        np.broadcast_to(np.int8(1), 3),
    ],
)
def test_arrays_arrive_as_arrays(value: Any) -> None:
    arrived = there_and_back(value)
    assert isinstance(arrived, np.ndarray)
    assert arrived.dtype == value.dtype
    assert arrived.shape == value.shape
    assert np.array_equal(arrived, value)


def test_a_subclass_that_lies_arrives_as_a_plain_tensor() -> None:
    class Liar(torch.Tensor):
        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return True

    arrived = there_and_back(torch.zeros(2).as_subclass(Liar))
    assert type(arrived) is torch.Tensor
    assert not torch.equal(arrived, torch.ones(2))


def test_what_arrives_shares_no_memory() -> None:
    value = torch.zeros(4)
    first, second = there_and_back([value, value])
    first += 1
    assert torch.equal(second, torch.zeros(4))
    assert torch.equal(value, torch.zeros(4))


@pytest.mark.parametrize(
    "value",
    [
        object(),
        1 + 2j,
        b"bytes",
        2**63,
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2).to_sparse(),
        lambda: None,
        np.array(["text"]),
        np.zeros(2, dtype=np.complex64),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_cross_is_refused(value: Any) -> None:
    with pytest.raises(WireError):
        Encoder().dumps([value])


def test_values_without_end_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(WireError, match="nested"):
        Encoder().dumps(endless)
    with pytest.raises(WireError, match="parts"):
        Encoder().dumps([0] * (frame.MAX_NODES + 1))
    with pytest.raises(WireError, match="MiB"):
        Encoder().dumps(torch.zeros(1).expand(frame.MAX_PAYLOAD))


@pytest.mark.parametrize(
    ("raw", "payload"),
    [
        ({"$t": ["float32", [2], 0]}, b"\0" * 7),
        ({"$t": ["float32", [2], 4]}, b"\0" * 8),
        ({"$t": ["float32", [1], -4]}, b"\0" * 4),
        ({"$t": ["float32", [1], 0.0]}, b"\0" * 4),
        ({"$t": ["float32", [1], True]}, b"\0" * 4),
        ({"$t": ["float32", [-1], 0]}, b""),
        ({"$t": ["float32", [2.0], 0]}, b"\0" * 8),
        ({"$t": ["float32", [True], 0]}, b"\0" * 4),
        ({"$t": ["float32", 1, 0]}, b"\0" * 4),
        ({"$t": ["float32", [1] * 9, 0]}, b"\0" * 4),
        ({"$t": ["float32", [2**40, 2**40], 0]}, b"\0" * 4),
        ({"$t": ["float32", [0] + [2**28] * 7, 0]}, b""),
        ({"$t": ["object", [1], 0]}, b"\0" * 8),
        ({"$t": ["complex64", [1], 0]}, b"\0" * 8),
        ({"$t": [["float32"], [1], 0]}, b"\0" * 4),
        ({"$t": ["float32", [1]]}, b"\0" * 4),
        ({"$t": None}, b""),
        ({"$n": ["bfloat16", [1], 0]}, b"\0" * 2),
        ({"$n": 3}, b""),
        ({"$f": "1e400"}, b""),
        ({"$f": [1]}, b""),
        ({"$l": 3}, b""),
        ({"$d": [[1]]}, b""),
        ({"$d": [[[1], 2]]}, b""),
        ({"$d": [[{"$t": ["uint8", [1], 0]}, 2]]}, b"\0"),
        ({"$d": {"a": 1}}, b""),
        ({"$h": True}, b""),
        ({"$h": "1"}, b""),
        ({"$s": ["stage_1", 1]}, b""),
        ({"$s": [1, 1, {"$d": []}]}, b""),
        ({"$x": 1}, b""),
        ({"a": 1, "b": 2}, b""),
        ({}, b""),
        (1, b"more than the tensors"),
    ],
    ids=lambda value: json.dumps(value)[:50] if not isinstance(value, bytes) else "",
)
def test_malformed_headers_are_refused(raw: Any, payload: bytes) -> None:
    with pytest.raises(WireError):
        decode(raw, payload)


def test_one_payload_cannot_become_many_tensors() -> None:
    """Each tensor has bytes of its own, so what is built is never larger than what came."""
    with pytest.raises(WireError, match="follow"):
        decode([{"$t": ["uint8", [8], 0]}] * 1000, b"\0" * 8)


@pytest.mark.parametrize(
    "header", [b"", b"{", b"[1", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b"nul"], ids=repr
)
def test_headers_that_are_no_json_are_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        Decoder().loads(header, b"")


def test_headers_nested_too_deeply_are_refused() -> None:
    with pytest.raises(WireError, match="nested"):
        Decoder().loads(b"[" * 200 + b"]" * 200, b"")


def test_odd_bytes_become_truth_values() -> None:
    arrived = decode({"$t": ["bool", [3], 0]}, b"\x00\x02\xff")
    assert arrived.to(torch.uint8).tolist() == [0, 1, 1]


def test_a_frame_says_how_long_it_is() -> None:
    data = pack(b"[1]", b"xyz")
    assert unpack_prefix(data[: frame.PREFIX.size]) == (3, 3)
    assert data[frame.PREFIX.size :] == b"[1]xyz"


@pytest.mark.parametrize(
    "prefix",
    [
        b"",
        b"DCW1",
        struct.pack("!4sIQ", b"HTTP", 1, 1),
        struct.pack("!4sIQ", b"DCW1", frame.MAX_HEADER + 1, 0),
        struct.pack("!4sIQ", b"DCW1", 2**32 - 1, 2**64 - 1),
        struct.pack("!4sIQ", b"DCW1", 0, frame.MAX_PAYLOAD + 1),
        struct.pack("!4sIQ", b"DCW1", 1, 1) + b"x",
    ],
)
def test_wrong_beginnings_of_frames_are_refused(prefix: bytes) -> None:
    with pytest.raises(WireError):
        unpack_prefix(prefix)


def test_a_smaller_limit_can_be_set_for_replies() -> None:
    prefix = struct.pack("!4sIQ", b"DCW1", 1, 101)
    assert unpack_prefix(prefix) == (1, 101)
    with pytest.raises(WireError, match="announces"):
        unpack_prefix(prefix, max_payload=100)


def test_handles_and_specs_are_turned_by_the_caller() -> None:
    encoder = Encoder(lambda value: Handle(5) if value is print else None)
    header, payload = encoder.dumps([print, {"a": print}])
    assert Decoder(lambda value: ("found", value)).loads(header, payload) == [
        ("found", Handle(5)),
        {"a": ("found", Handle(5))},
    ]
