"""One update of all weights: Muon for matrices, AdamW for the rest, and their moving average.

Masters, gradients, moments and average are flat float32 vectors in which weights of one shape are
neighbours, so that a whole group is orthogonalised at once and a step takes few kernels. Muon:
Jordan et al. 2024; its size as AdamW's: Liu et al. 2025, "Muon is scalable for LLM training".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients that bring singular values near one in five steps."""

APART = ("shared", "conv_in", "conv_out", "relative_attention_bias", "positional_embedding")
"""Parts of names of matrices that AdamW updates: embeddings, first and last layers."""


@dataclass(frozen=True)
class Rates:
    """Rates of the update.

    Attributes:
        muon: Learning rate of the matrices.
        adamw: Learning rate of the rest.
        decay: Weight decay of the matrices.
        average: Decay of the moving average.
    """

    muon: float = 3e-3
    adamw: float = 1e-3
    decay: float = 0.01
    average: float = 0.9995


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring the singular values of matrices near one by five Newton-Schulz steps.

    Args:
        matrices: (N, rows, columns).

    Returns:
        The same shape, bfloat16.
    """
    a, b, c = NEWTON_SCHULZ
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).bfloat16()
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    return torch.transpose(x, 1, 2) if tall else x


class Updater:
    """Master weights and all that an update needs.

    Attributes:
        flat: Vectors of all weights by name: master, average, gradient, momentum and square (which
            only AdamW's weights use).
        factor: Factor of the learning rates, a tensor so that a CUDA graph reads it.
        count: Number of updates, a tensor for the same reason.
    """

    def __init__(self, model: nn.Module, rates: Rates) -> None:
        self.rates = rates
        named = list(model.named_parameters())
        matrices = [pair for pair in named if _is_matrix(*pair)]
        matrices.sort(key=lambda pair: _matrix_shape(pair[1]))
        rest = [pair for pair in named if not _is_matrix(*pair)]
        self.parameters: list[Tensor] = [parameter for _, parameter in matrices + rest]
        self.names = [name for name, _ in matrices + rest]
        device = self.parameters[0].device
        total = sum(parameter.numel() for parameter in self.parameters)
        kinds = ("master", "average", "gradient", "momentum", "square")
        self.flat = {kind: torch.zeros(total, device=device) for kind in kinds}
        self.factor = torch.ones((), device=device)
        self.count = torch.zeros((), device=device)
        self._groups = _groups(parameter for _, parameter in matrices)
        self._gradients = self.views("gradient")
        self._masters = self.views("master")
        self._graph: torch.cuda.CUDAGraph | None = None
        self.adopt_parameters()

    def views(self, kind: str) -> list[Tensor]:
        """Tensors of the shapes of the weights that share the memory of a flat vector."""
        sizes = [parameter.numel() for parameter in self.parameters]
        chunks = self.flat[kind].split(sizes)
        return [
            chunk.view(parameter.shape)
            for chunk, parameter in zip(chunks, self.parameters, strict=True)
        ]

    def adopt_parameters(self) -> None:
        """Start masters and average from the model's weights."""
        with torch.no_grad():
            for master, parameter in zip(self._masters, self.parameters, strict=True):
                master.copy_(parameter)
            self.flat["average"].copy_(self.flat["master"])

    def gather(self) -> Tensor:
        """Copy the gradients into their flat vector, for the reduction over GPUs, and drop them."""
        gradients = [parameter.grad for parameter in self.parameters]
        if any(gradient is None for gradient in gradients):
            raise RuntimeError("a weight has no gradient: the model does not use it")
        torch._foreach_copy_(self._gradients, gradients)  # type: ignore[arg-type]
        for parameter in self.parameters:
            parameter.grad = None
        return self.flat["gradient"]

    def step(self, factor: float) -> None:
        """Update all weights from the flat gradient.

        Args:
            factor: Factor of both learning rates.
        """
        self.factor.fill_(factor)
        if self.factor.is_cuda and self._graph is None and self.count > 2:
            torch.cuda.synchronize()
            self._graph = torch.cuda.CUDAGraph()
            mode = "thread_local"  # NCCL's watchdog looks at events meanwhile
            with torch.no_grad(), torch.cuda.graph(self._graph, capture_error_mode=mode):
                self._update()
        if self._graph is not None:
            self._graph.replay()
        else:
            with torch.no_grad():
                self._update()

    def _update(self) -> None:
        self.count.add_(1)
        end = 0
        for start, shape in self._groups:
            end = start + math.prod(shape)
            self._update_matrices(slice(start, end), shape)
        self._update_rest(slice(end, None))
        # The average warms up: early weights are soon forgotten.
        rate = (1 - (1 + self.count) / (10 + self.count)).clamp(min=1 - self.rates.average)
        self.flat["average"].lerp_(self.flat["master"], rate)
        torch._foreach_copy_(self.parameters, self._masters)

    def _update_matrices(self, part: slice, shape: tuple[int, int, int]) -> None:
        master, momentum = self.flat["master"][part], self.flat["momentum"][part]
        gradient = self.flat["gradient"][part]
        momentum.lerp_(gradient, 0.05)
        ahead = gradient.lerp(momentum, 0.95)  # Nesterov's
        direction = orthogonalise(ahead.view(shape)).float().reshape(-1)
        rate = self.factor * self.rates.muon
        master.mul_(1 - rate * self.rates.decay)
        master.sub_(direction * (rate * 0.2 * math.sqrt(max(shape[1:]))))

    def _update_rest(self, part: slice) -> None:
        """AdamW without decay; biases and norms need none."""
        gradient, master = self.flat["gradient"][part], self.flat["master"][part]
        momentum, square = self.flat["momentum"][part], self.flat["square"][part]
        momentum.lerp_(gradient, 0.1)
        square.lerp_(gradient.square(), 0.01)
        first, second = 1 - 0.9**self.count, 1 - 0.99**self.count
        denominator = (square / second).sqrt() + 1e-8
        master.sub_(self.factor * self.rates.adamw * (momentum / first) / denominator)


def _is_matrix(name: str, parameter: Tensor) -> bool:
    return parameter.dim() >= 2 and not any(part in name for part in APART)


def _matrix_shape(parameter: Tensor) -> tuple[int, int]:
    return (len(parameter), parameter.numel() // len(parameter))


def _groups(parameters: Iterable[Tensor]) -> list[tuple[int, tuple[int, int, int]]]:
    """Start of each run of matrices of one shape in the flat vectors, and its shape."""
    groups: list[tuple[int, tuple[int, int, int]]] = []
    place = 0
    for parameter in parameters:
        rows, columns = _matrix_shape(parameter)
        if groups and groups[-1][1][1:] == (rows, columns):
            start, (count, _, _) = groups.pop()
            groups.append((start, (count + 1, rows, columns)))
        else:
            groups.append((place, (1, rows, columns)))
        place += parameter.numel()
    return groups
