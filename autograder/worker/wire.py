"""What crosses the trust boundary: a JSON header and raw tensor bytes, never a pickle.

The header holds plain values; tensors and arrays are references into the payload by dtype,
shape and offset. Everything that arrives is checked before anything is built from it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .frame import (
    DTYPES,
    MAX_DEPTH,
    MAX_DIMS,
    MAX_HEADER,
    MAX_NODES,
    MAX_PAYLOAD,
    PREFIX,
    Handle,
    Spec,
    TooLargeError,
    WireError,
    pack,
    unpack_prefix,
)

# Made once: with options, json.dumps makes one for each call.
_to_json = json.JSONEncoder(separators=(",", ":")).encode
NAMES = {dtype: name for name, dtype in DTYPES.items()}

__all__ = [
    "PREFIX",
    "Decoder",
    "Encoder",
    "Handle",
    "Spec",
    "TooLargeError",
    "WireError",
    "pack",
    "unpack_prefix",
]


class Encoder:
    """Turns values into a header and a payload.

    `wrap` may turn an object that is no plain value into a `Handle`, a `Spec` or a plain value;
    it returns None for what it does not know.
    """

    def __init__(self, wrap: Callable[[Any], Any] | None = None) -> None:
        self.wrap = wrap
        self.buffers: list[bytes] = []
        self.offset = 0
        self.nodes = 0

    def dumps(self, value: Any) -> tuple[bytes, bytes]:
        """Header and payload of a value; `WireError` for what cannot cross."""
        header = _to_json(self._encode(value, 0)).encode()
        if len(header) > MAX_HEADER:
            raise TooLargeError(
                f"the value's header has {len(header)} bytes, more than {MAX_HEADER}"
            )
        return header, b"".join(self.buffers)

    def _encode(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        # Most values are of these types exactly; what is derived from them goes on below.
        kind = type(value)
        if value is None or kind is str or kind is bool:
            return value
        if kind is torch.Tensor:
            return self._tensor(value)
        if isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray | np.generic):
            return {"$n": self._tensor(_from_array(value))["$t"]}
        if isinstance(value, Handle):
            return {"$h": value.number}
        if isinstance(value, Spec):
            return {"$s": [value.kind, value.number, self._encode(value.data, depth + 1)]}
        return self._container(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, list):
            return [self._encode(item, depth + 1) for item in value]
        if isinstance(value, tuple):
            return {"$l": [self._encode(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            pairs = value.items()
            return {
                "$d": [[self._encode(k, depth + 1), self._encode(v, depth + 1)] for k, v in pairs]
            }
        wrapped = self.wrap(value) if self.wrap else None
        if wrapped is None:
            raise WireError(f"a value of type {type(value).__name__} cannot be sent")
        return self._encode(wrapped, depth + 1)

    @staticmethod
    def _number(value: int | float) -> Any:
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"$f": str(float(value))}
        if abs(value) >= 2**63:
            raise WireError("an integer is larger than 64 bits")
        return int(value)

    def _tensor(self, value: torch.Tensor) -> dict[str, Any]:
        plain = value.detach().cpu()
        if plain.is_sparse or plain.is_quantized or plain.is_complex():
            raise WireError("only dense real tensors can be sent")
        name = NAMES.get(plain.dtype)
        if name is None:
            shown = str(plain.dtype).removeprefix("torch.")
            raise WireError(f"tensors of dtype {shown} cannot be sent")
        plain = plain.resolve_neg()
        if plain.dtype == torch.bfloat16:  # NumPy has no such numbers
            plain = plain.contiguous().view(torch.int16)
        data = plain.numpy().tobytes()
        self.offset += len(data)
        if self.offset > MAX_PAYLOAD:
            raise TooLargeError(f"the tensors have more than {MAX_PAYLOAD // 2**20} MiB")
        self.buffers.append(data)
        return {"$t": [name, list(plain.shape), self.offset - len(data)]}


def _from_array(value: np.ndarray[Any, Any] | np.generic) -> torch.Tensor:
    try:
        # A copy, since torch warns of arrays that cannot be written.
        return torch.from_numpy(np.array(value, order="C"))
    except (TypeError, ValueError):
        raise WireError(f"arrays of dtype {value.dtype} cannot be sent") from None


class Decoder:
    """Turns a header and a payload back into plain values.

    `unwrap` builds what `Handle` and `Spec` stand for; without it they are left as they are.
    `place` puts each tensor, once it is checked, on another device.
    """

    def __init__(
        self,
        unwrap: Callable[[Handle | Spec], Any] | None = None,
        place: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        self.unwrap = unwrap
        self.place = place
        self.payload = bytearray()
        self.position = 0
        self.nodes = 0

    def loads(self, header: bytes | bytearray, payload: bytes | bytearray) -> Any:
        """The value of a frame; `WireError` where it is malformed."""
        # Tensors are copied out of it; a buffer that can be written needs no copy before.
        self.payload = payload if isinstance(payload, bytearray) else bytearray(payload)
        self.position = 0
        try:
            raw = json.loads(header.decode())
        except (ValueError, RecursionError) as error:
            raise WireError(f"the header is not JSON: {type(error).__name__}") from None
        value = self._decode(raw, 0)
        if self.position != len(self.payload):
            raise WireError("the payload is longer than its tensors")
        return value

    def _decode(self, raw: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > 3 * MAX_DEPTH or self.nodes > 3 * MAX_NODES:
            raise WireError("the header is nested too deeply or has too many parts")
        kind = type(raw)  # JSON gives these types exactly
        if kind is str or kind is float or kind is bool or raw is None:
            return raw
        if kind is int:
            if not -(2**63) < raw < 2**63:
                raise WireError("an integer is larger than 64 bits")
            return raw
        if kind is list:
            return [self._decode(item, depth + 1) for item in raw]
        if kind is not dict or len(raw) != 1:
            raise WireError("an object of the header has no single tag")
        ((tag, content),) = raw.items()
        return self._tagged(tag, content, depth)

    def _tagged(self, tag: str, content: Any, depth: int) -> Any:
        if tag == "$t":
            tensor = self._tensor(content)
            return self.place(tensor) if self.place else tensor
        if tag == "$n":
            return self._array(content)
        if tag == "$f" and content in ("nan", "inf", "-inf"):
            return float(content)
        if tag == "$l" and isinstance(content, list):
            return tuple(self._decode(item, depth + 1) for item in content)
        if tag == "$d" and isinstance(content, list):
            return self._dict(content, depth)
        if tag == "$h" and type(content) is int:
            return self._unwrap(Handle(content))
        if tag == "$s" and isinstance(content, list) and len(content) == 3:
            kind, number, data = content
            if isinstance(kind, str) and type(number) is int:
                return self._unwrap(Spec(kind, number, self._decode(data, depth + 1)))
        raise WireError("an object of the header has an unknown tag")

    def _unwrap(self, value: Handle | Spec) -> Any:
        return self.unwrap(value) if self.unwrap else value

    def _dict(self, content: list[Any], depth: int) -> dict[Any, Any]:
        result = {}
        for pair in content:
            if not isinstance(pair, list) or len(pair) != 2:
                raise WireError("a dictionary of the header is malformed")
            key = self._decode(pair[0], depth + 1)
            if not isinstance(key, str | int | float | bool | type(None)):
                raise WireError("a dictionary's keys must be text or numbers")
            result[key] = self._decode(pair[1], depth + 1)
        return result

    def _array(self, content: Any) -> np.ndarray[Any, Any]:
        tensor = self._tensor(content)
        if tensor.dtype == torch.bfloat16:
            raise WireError("an array has a dtype that arrays cannot have")
        return tensor.numpy()

    def _tensor(self, content: Any) -> torch.Tensor:
        if not isinstance(content, list) or len(content) != 3:
            raise WireError("a tensor's description is malformed")
        name, shape, offset = content
        if not isinstance(name, str) or name not in DTYPES:
            raise WireError("a tensor has an unknown dtype")
        if not isinstance(shape, list) or len(shape) > MAX_DIMS:
            raise WireError("a tensor has a malformed shape")
        for length in shape:
            if type(length) is not int or not 0 <= length <= MAX_PAYLOAD:
                raise WireError("a tensor has a malformed shape")
        dtype = DTYPES[name]
        count = math.prod(shape)
        size = count * dtype.itemsize
        # One after the other, so that a small payload cannot become many large tensors.
        if type(offset) is not int or offset != self.position:
            raise WireError("a tensor's bytes do not follow those of the tensor before")
        if offset + size > len(self.payload):
            raise WireError("a tensor's bytes lie outside of the payload")
        self.position += size
        return self._build(dtype, shape, count, offset, size)

    def _build(
        self, dtype: torch.dtype, shape: list[int], count: int, offset: int, size: int
    ) -> torch.Tensor:
        try:
            if count == 0:
                return torch.empty(shape, dtype=dtype)
            if dtype == torch.bool:  # a byte that is neither 0 nor 1 is no truth value
                flat = torch.frombuffer(self.payload, dtype=torch.uint8, count=size, offset=offset)
                return (flat != 0).reshape(shape)
            if offset % dtype.itemsize:  # numbers that do not lie at a multiple of their size
                flat = torch.frombuffer(self.payload, dtype=torch.uint8, count=size, offset=offset)
                return flat.clone().view(dtype).reshape(shape)
            flat = torch.frombuffer(self.payload, dtype=dtype, count=count, offset=offset)
            return flat.clone().view(shape)
        except (RuntimeError, ValueError, OverflowError) as error:
            raise WireError(f"a tensor cannot be built: {type(error).__name__}") from None
