"""Tensors cross whatever way they lie in memory and wherever they come to lie in the payload."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from autograder.worker.wire import Decoder, Encoder


def crossed(value: object) -> object:
    header, payload = Encoder().dumps(value)
    return Decoder().loads(header, payload)


def test_numbers_may_lie_at_any_offset() -> None:
    """After three bytes, no number of four or eight bytes lies at a multiple of its size."""
    odd = torch.arange(3, dtype=torch.uint8)
    sent = [odd, torch.randn(5), torch.randn(2, dtype=torch.float64), odd == 1, torch.arange(4)]
    found = crossed(sent)
    assert isinstance(found, list)
    for a, b in zip(sent, found, strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.int64])
@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.t(),
        lambda x: x[::2, 1::2],
        lambda x: x[:0],
        lambda x: x[1, 1],
        lambda x: x[:1].expand(3, 4),
    ],
    ids=["transposed", "strided", "empty", "a number", "expanded"],
)
def test_views_cross_as_what_they_show(dtype: torch.dtype, view: object) -> None:
    assert callable(view)
    shown: Tensor = view(torch.arange(12).reshape(3, 4).to(dtype))
    found = crossed(shown)
    assert isinstance(found, Tensor)
    assert found.dtype == dtype
    assert found.shape == shown.shape
    assert torch.equal(found, shown)


def test_negative_views_and_parameters_cross_as_plain_tensors() -> None:
    imaginary = torch.complex(torch.randn(4), torch.randn(4)).conj().imag
    assert imaginary.is_neg()
    parameter = torch.nn.Parameter(torch.randn(3))
    for value in (imaginary, parameter):
        found = crossed(value)
        assert type(found) is Tensor
        assert not found.requires_grad
        assert torch.equal(found, value.detach().resolve_neg())


def test_what_arrives_shares_no_memory_with_its_frame() -> None:
    """A frame's buffer is used again; a tensor that looked into it would change."""
    header, payload = Encoder().dumps([torch.ones(4), torch.zeros(4)])
    buffer = bytearray(payload)
    first, second = Decoder().loads(header, buffer)
    buffer[:] = bytes(len(buffer))
    second += 5
    assert torch.equal(first, torch.ones(4))
