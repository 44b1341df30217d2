"""Defines a student's answer and does what the trusted side asks of it.

The same code runs in the sandboxed worker and, for solutions, stubs, mistakes and variants, in
the process of the tests. It returns data; it judges nothing.
"""

from __future__ import annotations

import contextlib
import random
import sys
import traceback
import types
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from . import gpu, proxies
from .exhaustion import exhausted
from .prelude import PRELUDE
from .wire import Handle, Spec, TooLargeError, WireError

FILENAME = "<answer>"


class Executor:
    """One exercise's answer: its namespace, and the objects that it made.

    Args:
        link: The way back to the trusted side.
        device: Where tensors arrive and modules are put, "cpu" or "cuda".
    """

    def __init__(self, link: proxies.Link, device: str = "cpu") -> None:
        self.link = link
        self.device = device
        self.namespace: dict[str, Any] = {}
        self.own: list[str] = []
        self.objects: dict[int, Any] = {}
        self.served: dict[int, Any] = {}

    def execute(self, request: dict[str, Any]) -> dict[str, Any]:
        """Does one request; a student's exception becomes a part of the answer."""
        handler = getattr(self, f"_do_{request.get('op')}", None)
        if handler is None:
            return _failure("protocol", "WireError", f"unknown request {request.get('op')!r}")
        try:
            with warnings.catch_warnings(), _kit_for_answers(), self._on_device():
                # An answer that warns is an answer; our own runs turn warnings into errors.
                warnings.simplefilter("ignore")
                return {"ok": handler(**{k: v for k, v in request.items() if k != "op"})}
        except WireError as error:
            kind = "reply" if isinstance(error, TooLargeError) else "unsendable"
            return _failure(kind, "TypeError", str(error))
        except NotImplementedError as error:
            return _failure("not_implemented", "NotImplementedError", _text(error), _line(error))
        except SyntaxError as error:
            line = error.lineno if error.filename == FILENAME else _line(error)
            return _failure("syntax", "SyntaxError", _text(error), line)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are answers, too
            kind = exhausted(error) or "raised"
            return _failure(kind, _name(error), _text(error), _line(error))

    def place(self, value: torch.Tensor) -> torch.Tensor:
        """A tensor that arrived, on the device of the answer."""
        return value.to(self.device)

    def _on_device(self) -> contextlib.AbstractContextManager[Any]:
        """Tensors that an answer makes without naming a device are made on its own."""
        return contextlib.nullcontext() if self.device == "cpu" else torch.device(self.device)

    def wrap(self, value: Any) -> Any:
        """What a value that is no plain data is sent as."""
        if isinstance(value, nn.Module | types.FunctionType | type):
            return self._keep(value)
        if isinstance(value, proxies.Proxy | proxies.ModuleProxy):
            return Spec("served", value._spec.number)
        if isinstance(value, proxies.UNetProxy):
            return Spec("served", value._stage._spec.number)
        if isinstance(value, range | set | frozenset | map | zip) or hasattr(value, "__next__"):
            return list(value)
        if isinstance(value, torch.dtype | torch.device | torch.Size):
            return list(value) if isinstance(value, torch.Size) else str(value)
        return None

    def unwrap(self, value: Handle | Spec) -> Any:
        """The object that a number stands for."""
        if isinstance(value, Handle):
            return self.objects[value.number]
        if value.number not in self.served:
            self.served[value.number] = proxies.build(value, self.link)
        return self.served[value.number]

    def _keep(self, value: Any) -> Handle:
        number = len(self.objects)
        self.objects[number] = value
        return Handle(number)

    def _do_start_gpu(self, vram_mib: int) -> dict[str, Any]:
        return gpu.start(vram_mib)

    def _do_define(self, prelude: str, source: str) -> list[str]:
        self.namespace = {"__name__": "__main__"}
        exec(compile(PRELUDE, "<prelude>", "exec"), self.namespace)
        exec(compile(prelude, "<stand-ins>", "exec"), self.namespace)
        before = dict(self.namespace)
        exec(compile(source, FILENAME, "exec"), self.namespace)
        changed = (k for k, v in self.namespace.items() if before.get(k) is not v)
        self.own = sorted(name for name in changed if name != "kit")
        return self.own

    def _do_serve(self, functions: dict[str, Any]) -> None:
        # A helper of the answer's own may have the name of an earlier exercise, as in a notebook.
        self.namespace.update({k: v for k, v in functions.items() if k not in self.own})

    def _do_call(
        self, name: str, args: list[Any], kwargs: dict[str, Any], seed: int | None, echo: bool
    ) -> Any:
        function = self._lookup(name)
        _seed(seed)
        result = function(*args, **kwargs)
        return [result, args] if echo else result

    def _do_new(self, name: str, args: list[Any], kwargs: dict[str, Any], seed: int | None) -> Any:
        made = self._lookup(name)
        _seed(seed)
        module = made(*args, **kwargs)
        if not isinstance(module, nn.Module):
            raise TypeError(f"{name} is no nn.Module")
        return self._keep(module if self.device == "cpu" else module.to(self.device))

    def _do_module(
        self,
        number: int,
        method: str,
        args: list[Any],
        kwargs: dict[str, Any],
        seed: int | None = None,
    ) -> Any:
        module = self.objects[number]
        _seed(seed)
        if method == "call":
            return module(*args, **kwargs)
        if method == "state":
            return [dict(module.state_dict()), [name for name, _ in module.named_parameters()]]
        if method == "load":
            module.load_state_dict(args[0])
            return None
        if method in ("train", "eval"):
            getattr(module, method)()
            return None
        if method == "gradients":
            return self._gradients(module, args[0], args[1])
        raise WireError(f"unknown method {method!r}")

    @staticmethod
    def _gradients(module: nn.Module, inputs: list[Any], cotangent: Any) -> Any:
        module.zero_grad()
        module(*inputs).backward(cotangent)
        return {name: value.grad for name, value in module.named_parameters()}

    def _lookup(self, name: str) -> Any:
        if name not in self.namespace:
            raise NotImplementedError(f"{name} is not defined")
        return self.namespace[name]


def _failure(kind: str, error: str, message: str, line: int | None = None) -> dict[str, Any]:
    return {"error": {"kind": kind, "type": error, "message": message, "line": line}}


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:  # a student's exception may fail even at this
        return ""


def _name(error: BaseException) -> str:
    try:
        return str(type(error).__name__)[:200]
    except BaseException:  # a metaclass of the student's may be asked here
        return "Exception"


def _line(error: BaseException) -> int | None:
    """The last line of the student's own source on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == FILENAME]
    return lines[-1] if lines else None


def _seed(seed: int | None) -> None:
    if seed is not None:
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)


@contextlib.contextmanager
def _kit_for_answers() -> Iterator[None]:
    """A `kit` with what exercises may call; pictures and models are not needed to be graded.

    In the process of the tests the real kit may be loaded: it is put back afterwards.
    """
    real = sys.modules.get("kit")
    kit = types.ModuleType("kit")
    kit.__dict__.update(add_variance=add_variance, check=lambda *_, **__: None)
    sys.modules["kit"] = kit
    try:
        yield
    finally:
        sys.modules.pop("kit", None)
        if real is not None:
            sys.modules["kit"] = real


def add_variance(stage_1: Any, predicted_variance: Any, t: Any, image: Any) -> Any:
    """`kit.add_variance`, for a served `stage_1`."""
    return stage_1.add_variance(predicted_variance, t, image)
