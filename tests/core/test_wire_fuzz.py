"""Random and mutated frames end in a value or in `WireError`, and never take much memory."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.worker.frame import DTYPES, PREFIX
from autograder.worker.wire import Decoder, Encoder, Handle, Spec, WireError, pack, unpack_prefix

# Machines differ in speed; a hang shows in the suite's own time limit.
FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
MEMORY = 64 * 2**20

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)
SIZES = st.integers(-2, 5) | st.integers() | st.sampled_from([0, 2**28, 2**62])
TENSOR = st.tuples(
    st.sampled_from([*DTYPES, "object", "complex64", ""]),
    st.lists(SIZES, max_size=9),
    SIZES,
).map(list)
TAGGED = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5) | TENSOR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["$t", "$n", "$l", "$d", "$h", "$s", "$f", "a"]), inner, max_size=2
        )
    ),
    max_leaves=20,
)


def read_frame(data: bytes) -> Any:
    """What the trusted side does with bytes that arrive."""
    header, payload = unpack_prefix(data[: PREFIX.size])
    rest = data[PREFIX.size :]
    if len(rest) < header + payload:
        raise WireError("the connection ended within a frame")
    return Decoder().loads(rest[:header], rest[header : header + payload])


def survives(data: bytes) -> None:
    """A value or a refusal comes of it, in little memory."""
    tracemalloc.start()
    try:
        value = read_frame(data)
    except WireError:
        return
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MEMORY
    assert value is None or isinstance(
        value,
        bool | int | float | str | list | tuple | dict | torch.Tensor | np.ndarray | Handle | Spec,
    )


@FUZZ
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    survives(data)
    survives(pack(data, b""))


@FUZZ
@given(TAGGED, st.binary(max_size=64))
def test_random_headers_of_the_right_form(raw: Any, payload: bytes) -> None:
    survives(pack(json.dumps(raw).encode(), payload))


@FUZZ
@given(PLAIN, st.data())
def test_mutated_frames(value: Any, data: st.DataObject) -> None:
    good = bytearray(pack(*Encoder().dumps([value, torch.arange(6.0), np.arange(3)])))
    for _ in range(data.draw(st.integers(1, 6))):
        where = data.draw(st.integers(0, len(good) - 1))
        how = data.draw(st.sampled_from(["change", "cut", "double", "drop"]))
        if how == "change":
            good[where] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del good[where + 1 :]
        elif how == "double":
            good[where:where] = good[where : where + 8]
        elif len(good) > 1:
            del good[where]
    survives(bytes(good))


@FUZZ
@given(PLAIN)
def test_every_plain_value_arrives(value: Any) -> None:
    arrived = Decoder().loads(*Encoder().dumps(value))
    assert repr(arrived) == repr(value)
