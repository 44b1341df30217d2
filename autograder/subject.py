"""A student's answer as a check sees it: something to call, from which only data comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from . import limits
from .failures import TOLD_BY_WORKER, HostFailureError, StudentError
from .served import CallRefusedError, Served, ServedFunction
from .worker.confine import Caps
from .worker.executor import Executor
from .worker.wire import Decoder, Encoder, Handle, Spec

__all__ = [
    "HostFailureError",
    "LocalSubject",
    "RemoteModule",
    "StudentError",
    "Subject",
]


class Subject:
    """Calls a student's functions and classes; subclasses say where they run.

    Attributes:
        device: Where the answer runs, "cpu" or "cuda": tensors that are sent arrive there, modules
            are made there, and what comes back is on the CPU.
        caps: Limits of what runs the answer.
        wall: Seconds of real time for all that is asked of it.
    """

    device = "cpu"
    caps = Caps()
    wall = 60.0

    def __init__(self) -> None:
        self.called = ""
        self.served: dict[int, Served] = {}
        self.defined: list[str] = []
        self.lines = 0

    def define(self, source: str, prelude: str = "") -> list[str]:
        """Runs the answer's source; returns the names that it defined.

        Args:
            source: The exercise's cells.
            prelude: Source of stand-ins for other exercises.
        """
        self.lines = source.count("\n") + 1
        names = self._request({"op": "define", "prelude": prelude, "source": source})
        self.defined = [str(name) for name in names] if isinstance(names, list) else []
        return self.defined

    def serve(self, **functions: Callable[..., Any]) -> None:
        """Puts functions of the trusted side into the answer's namespace, by name.

        A function that the answer's own cell defines stays: it may be a helper of that name.
        """
        missing = {k: function for k, function in functions.items() if k not in self.defined}
        served = {name: ServedFunction(function) for name, function in missing.items()}
        self._request({"op": "serve", "functions": served})

    def call(self, name: str, /, *args: Any, seed: int | None = None, **kwargs: Any) -> Any:
        """Calls one of the answer's functions; `StudentError` where it fails."""
        return self._call(name, args, kwargs, seed, echo=False)

    def call_echo(
        self, name: str, /, *args: Any, seed: int | None = None, **kwargs: Any
    ) -> tuple[Any, list[Any]]:
        """As `call`, with the positional arguments as they are after the call."""
        result, after = self._call(name, args, kwargs, seed, echo=True)
        return result, after

    def _call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        seed: int | None,
        echo: bool,
    ) -> Any:
        request = {"op": "call", "name": name, "args": list(args), "kwargs": dict(kwargs)}
        return self._request({**request, "seed": seed, "echo": echo})

    def new(self, name: str, /, *args: Any, seed: int | None = None, **kwargs: Any) -> RemoteModule:
        """Constructs one of the answer's modules."""
        request = {"op": "new", "name": name, "args": list(args), "kwargs": dict(kwargs)}
        if not isinstance(handle := self._request({**request, "seed": seed}), Handle):
            raise StudentError("protocol", "WireError", f"{name} did not give a module")
        return RemoteModule(self, handle, name)

    def over(self, limit: str) -> StudentError:
        """The error for a limit that what runs has reached."""
        kind = "timeout" if limit in ("wall", "cpu") else limit
        message = limits.over(limit, self.caps, self.wall, self.called)
        return StudentError(kind, "LimitError", message, limit=limit)

    def close(self) -> None:
        """Ends whatever runs the answer."""

    def wrap(self, value: Any) -> Any:
        """What an argument that is no plain data is sent as."""
        if isinstance(value, RemoteModule):
            return value.handle
        if not isinstance(value, Served):
            return None
        self.served[id(value)] = value
        return value.spec(id(value))

    def unwrap(self, value: Handle | Spec) -> Any:
        """What a reference in an answer stands for."""
        return self.served.get(value.number) if isinstance(value, Spec) else value

    def answer(self, callback: list[Any]) -> dict[str, Any]:
        """Answers a call of a served object from the worker."""
        try:
            number, method, args, kwargs = callback
            return {"answer": self.served[number].answer(method, args, kwargs)}
        except CallRefusedError as error:
            return {"refused": str(error)}
        except Exception as error:  # arguments come from the student's process: anything goes
            return {"refused": f"a served object was called wrongly ({type(error).__name__})"}

    def _request(self, request: dict[str, Any]) -> Any:
        self.called = str(request.get("name", self.called))
        answer = self._exchange(request)
        if isinstance(answer, dict) and set(answer) == {"ok"}:
            return answer["ok"]
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict) or not {"kind", "type", "message"} <= set(error):
            raise StudentError("protocol", "WireError", "the worker's answer makes no sense")
        if error["kind"] not in TOLD_BY_WORKER:
            raise StudentError("protocol", "WireError", "the worker's error makes no sense")
        line = error.get("line")
        kind, message = error["kind"], str(error["message"])[:2000]
        told = self.over(kind) if kind in limits.TOLD_BY_WORKER else StudentError(kind, "", message)
        told.type = str(error["type"])[:200]
        told.line = line if type(line) is int and 0 < line <= self.lines else None
        raise told

    def _exchange(self, request: dict[str, Any]) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class RemoteModule:
    """A module that a student's class made; it stays in the worker."""

    subject: Subject
    handle: Handle
    name: str = ""

    def __call__(self, *args: Any, seed: int | None = None, **kwargs: Any) -> Any:
        """The module's output."""
        return self._do("call", list(args), kwargs, seed)

    def state(self) -> tuple[dict[str, Tensor], list[str]]:
        """The state dict, and the names in it that are parameters."""
        state, names = self._do("state", [])
        if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
            raise StudentError("protocol", "WireError", "the module's state makes no sense")
        return state, list(names)

    def num_parameters(self) -> int:
        """How many trainable numbers the module has."""
        state, names = self.state()
        return sum(state[name].numel() for name in names)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Replaces the state dict."""
        self._do("load", [dict(state)])

    def train(self) -> RemoteModule:
        """Switches to training mode."""
        self._do("train", [])
        return self

    def eval(self) -> RemoteModule:
        """Switches to evaluation mode."""
        self._do("eval", [])
        return self

    def gradients(self, inputs: list[Any], cotangent: Tensor) -> dict[str, Tensor | None]:
        """Gradients of `(module(*inputs) * cotangent).sum()` by parameter name."""
        result: dict[str, Tensor | None] = self._do("gradients", [inputs, cotangent])
        return result

    def _do(
        self,
        method: str,
        args: list[Any],
        kwargs: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> Any:
        self.subject.called = self.name
        request = {"op": "module", "number": self.handle.number, "method": method, "args": args}
        return self.subject._request({**request, "kwargs": dict(kwargs or {}), "seed": seed})


class LocalSubject(Subject):
    """Runs the answer in this process: for our own code only, never for a submission.

    Every value makes the way over the wire nevertheless, so that what passes here passes there.

    Args:
        device: Where the answer runs, "cpu" or "cuda".
    """

    def __init__(self, device: str = "cpu") -> None:
        super().__init__()
        self.device = device
        self.executor = Executor(self, device)
        self.place = None if device == "cpu" else self.executor.place

    def callback(
        self, number: int, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """The worker's link."""
        arrived = self._to_trusted({"callback": [number, method, list(args), kwargs]})
        with torch.device("cpu") if self.place else contextlib.nullcontext():
            answer = self.answer(arrived["callback"])
        reply = self._to_worker(answer)
        if "answer" not in reply:
            raise RuntimeError(reply["refused"])
        return reply["answer"]

    def _exchange(self, request: dict[str, Any]) -> Any:
        state = torch.random.get_rng_state()
        with torch.enable_grad():
            answer = self.executor.execute(self._to_worker(request))
        torch.random.set_rng_state(state)
        return self._to_trusted(answer)

    def _to_worker(self, message: Any) -> Any:
        decoder = Decoder(self.executor.unwrap, self.place)
        return decoder.loads(*Encoder(self.wrap).dumps(message))

    def _to_trusted(self, message: Any) -> Any:
        try:
            return Decoder(self.unwrap).loads(*Encoder(self.executor.wrap).dumps(message))
        except Exception as error:  # looking into an answer's object may fail in any way
            failure = {"kind": "unsendable", "type": "TypeError", "message": str(error)}
            return {"error": {**failure, "line": None}}
