"""Stand-ins, inside the worker, for objects that the trusted side serves.

A proxy holds data that students' code may read and turns each call into a message. What it
answers is decided on the trusted side, which logs every call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from .wire import Spec, WireError


class Link(Protocol):
    """The way back to the trusted side."""

    def callback(
        self, number: int, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Calls a served object's method and returns the answer."""


def build(spec: Spec, link: Link) -> Any:
    """The proxy of a served object."""
    makers: dict[str, Callable[[Spec, Link], Any]] = {
        "stage_1": Stage1Proxy,
        "module": ModuleProxy,
        "function": FunctionProxy,
    }
    if spec.kind not in makers:
        raise WireError(f"nothing is known of served objects of kind {spec.kind!r}")
    return makers[spec.kind](spec, link)


class Proxy:
    """An object that is served by the trusted side."""

    def __init__(self, spec: Spec, link: Link) -> None:
        self._spec = spec
        self._link = link

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._link.callback(self._spec.number, method, args, kwargs)


class FunctionProxy(Proxy):
    """A function of another exercise."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the served function."""
        return self._call("call", *args, **kwargs)


class UNetProxy:
    """`stage_1.unet`: answers as a `UNet2DConditionModel` with six output channels does."""

    def __init__(self, stage: Stage1Proxy, device: torch.device) -> None:
        self._stage = stage
        self.dtype = torch.float32
        self.device = device
        self.training = False
        self.config = SimpleNamespace(in_channels=3, out_channels=6, sample_size=64)

    def __call__(
        self,
        sample: Tensor,
        timestep: Tensor | float | int,
        encoder_hidden_states: Tensor | None = None,
        return_dict: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Noise and variance of a batch, as a tuple or as an object with `sample`."""
        if encoder_hidden_states is None:
            raise TypeError("stage_1.unet needs encoder_hidden_states=prompt_embeds")
        grad = torch.is_grad_enabled()
        out = self._stage._call(
            "unet", sample, timestep, encoder_hidden_states, grad=grad, extra=sorted(kwargs)
        )
        return SimpleNamespace(sample=out) if return_dict else (out,)

    def to(self, *_: Any, **__: Any) -> UNetProxy:
        """Stays where it is."""
        return self

    def eval(self) -> UNetProxy:
        """Is always in evaluation mode."""
        return self

    forward = __call__
    half = float = cuda = cpu = requires_grad_ = to


class SchedulerProxy:
    """`stage_1.scheduler`: its tables and `set_timesteps`; a step has to be written by oneself."""

    def __init__(self, stage: Stage1Proxy, data: dict[str, Any]) -> None:
        self._stage = stage
        self.alphas_cumprod: Tensor = data["alphas_cumprod"]
        self.alphas: Tensor = data["alphas"]
        self.betas: Tensor = data["betas"]
        self.timesteps = torch.arange(len(self.betas) - 1, -1, -1)
        self.num_inference_steps: int | None = None
        self.config = SimpleNamespace(
            num_train_timesteps=len(self.betas),
            prediction_type="epsilon",
            variance_type="learned_range",
            beta_schedule="squaredcos_cap_v2",
        )

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: Any = None,
        timesteps: Any = None,
    ) -> None:
        """Tells which timesteps the loop will visit, as diffusers' schedulers are told."""
        del device
        if timesteps is None:
            if num_inference_steps is None:
                raise ValueError("set_timesteps needs timesteps=[...]")
            stride = len(self.betas) // int(num_inference_steps)
            timesteps = [i * stride for i in range(int(num_inference_steps))][::-1]
        steps = [int(t) for t in timesteps]
        self.timesteps = torch.tensor(steps)
        self.num_inference_steps = len(steps)
        self._stage._call("set_timesteps", steps)

    def step(self, *_: Any, **__: Any) -> Any:
        """Is what the exercise asks for."""
        raise NotImplementedError("write the step yourself: stage_1.scheduler.step is not served")


class Stage1Proxy(Proxy):
    """`stage_1`: the part of an `IFPipeline` that exercises use."""

    def __init__(self, spec: Spec, link: Link) -> None:
        super().__init__(spec, link)
        # Tensors arrive where the answer runs.
        self.device: torch.device = spec.data["alphas_cumprod"].device
        self.unet = UNetProxy(self, self.device)
        self.scheduler = SchedulerProxy(self, spec.data)
        self.dtype = torch.float32

    def add_variance(self, predicted_variance: Tensor, t: Any, image: Tensor) -> Tensor:
        """`kit.add_variance` on this pipeline."""
        answer: Tensor = self._call("add_variance", predicted_variance, t, image)
        return answer


class ModuleProxy(nn.Module):
    """A small network whose arithmetic is done by the trusted side, gradients included.

    Its parameters live here, so that an optimizer can move them, and travel with every call.
    """

    def __init__(self, spec: Spec, link: Link) -> None:
        super().__init__()
        self._spec = spec
        self._link = link
        self._names = list(spec.data["parameters"])
        for name, value in spec.data["parameters"].items():
            self.register_parameter(name.replace(".", "_"), nn.Parameter(value.clone()))
        self.train(bool(spec.data.get("training", True)))

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The network's output on a batch."""
        parameters = list(self.parameters())
        grad = torch.is_grad_enabled()
        if grad:
            out: Tensor = _Served.apply(self, args, kwargs, grad, *parameters)
            return out
        return self._ask(args, kwargs, grad, parameters)[1]

    def _ask(
        self, args: Any, kwargs: dict[str, Any], grad: bool, parameters: Sequence[Tensor]
    ) -> tuple[int, Tensor]:
        """The number of the call, by which its gradients can be asked for, and the output."""
        state = dict(zip(self._names, parameters, strict=True))
        context = {"parameters": state, "training": self.training, "grad": grad}
        number, out = self._link.callback(
            self._spec.number, "forward", (list(args), kwargs, context), {}
        )
        return number, out


class _Served(torch.autograd.Function):
    """Forward and backward by the trusted side."""

    @staticmethod
    def forward(
        ctx: Any,
        module: ModuleProxy,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        grad: bool,
        *parameters: Tensor,
    ) -> Tensor:
        ctx.module = module
        ctx.call, out = module._ask(args, kwargs, grad, parameters)
        return out

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        number, link = ctx.module._spec.number, ctx.module._link
        gradients = link.callback(number, "backward", (ctx.call, grad_outputs[0]), {})
        return (None, None, None, None, *(gradients[name] for name in ctx.module._names))
