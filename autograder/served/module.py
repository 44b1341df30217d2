"""A network for Part B that trains in the worker and is computed on the trusted side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from .base import CallRefusedError, Served, shape_of


@dataclass
class ModuleCall:
    """One batch through a `ServedModule`: inputs, parameters, output, gradient that came back."""

    args: list[Any]
    kwargs: dict[str, Any]
    parameters: dict[str, Tensor]
    training: bool
    grad: bool
    out: Tensor
    grad_out: Tensor | None = None


class ServedModule(Served):
    """A small trainable network that is computed on the trusted side.

    Args:
        network: Any module without buffers or dropout; its first parameters are what the
            worker's copy starts from, its mode is what the copy starts in.
        shape: Checks the first argument's shape, without the batch dimension.
    """

    kind = "module"

    def __init__(self, network: nn.Module, shape: tuple[int, ...] = (1, 28, 28)) -> None:
        self.network = network
        self.shape = shape
        self.calls: list[ModuleCall] = []

    def spec_data(self) -> dict[str, Any]:
        """The parameters and the mode that the worker's copy starts from."""
        parameters = {k: v.detach() for k, v in self.network.named_parameters()}
        return {"parameters": parameters, "training": self.network.training}

    def answer(self, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Answers forward and backward passes of `ModuleProxy`."""
        del kwargs  # both come with positional arguments
        if method == "forward":
            return self._forward(*args)
        if method == "backward":
            return self._backward(*args)
        raise CallRefusedError(f"the network has no {method}")

    def _forward(self, args: list[Any], kwargs: dict[str, Any], context: dict[str, Any]) -> Any:
        x = args[0] if args else kwargs.get("x")
        if not isinstance(x, Tensor) or tuple(x.shape[1:]) != self.shape:
            raise CallRefusedError(f"the UNet takes (N, {self.shape}), got {shape_of(x)}")
        parameters = context["parameters"]
        try:
            with torch.no_grad():
                # Where nothing was trained, as while sampling, the network itself does.
                if self._untrained(parameters):
                    out = self.network(*args, **kwargs)
                else:
                    out = functional_call(self.network, parameters, tuple(args), kwargs)
        except Exception as error:
            raise CallRefusedError(f"the UNet refused its inputs: {error}") from None
        self.calls.append(
            ModuleCall(args, kwargs, parameters, context["training"], context["grad"], out)
        )
        return [len(self.calls) - 1, out]

    def _untrained(self, parameters: dict[str, Tensor]) -> bool:
        """Whether these are the network's own parameters."""
        own = dict(self.network.named_parameters())
        return own.keys() == parameters.keys() and all(
            isinstance(parameters[name], Tensor) and torch.equal(value, parameters[name])
            for name, value in own.items()
        )

    def _backward(self, number: int, grad_out: Tensor) -> dict[str, Tensor]:
        call = self.calls[number]
        call.grad_out = grad_out
        leaves = {k: v.detach().requires_grad_() for k, v in call.parameters.items()}
        # A backward pass in the same process runs without gradients of its own.
        with torch.enable_grad():
            out = functional_call(self.network, leaves, tuple(call.args), call.kwargs)
            grads = torch.autograd.grad(out, list(leaves.values()), grad_out, allow_unused=True)
        pairs = zip(leaves.items(), grads, strict=True)
        return {k: torch.zeros_like(v) if g is None else g for (k, v), g in pairs}
