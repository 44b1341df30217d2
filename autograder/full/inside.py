"""What trains and answers inside of a worker, beside the student's code: sent there as text.

It knows no test digit, threshold or secret. What it says is not trusted: the trusted side judges
the trained network by its outputs on digits that never come here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

# TF32 is off where checks compare numbers; a whole training is judged by what it reaches.
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True

GRADER_STATE: dict[str, Any] = {}
GRADER_NAMES = globals()  # the namespace of the answer, where this is sent


class GraderLoader:
    """Shuffled batches (x, label), x (N, 1, 28, 28) in [0, 1]; the last part is left out.

    Args:
        images: Digits, (N, 28, 28), uint8.
        labels: Their classes, (N,), int64.
        batch_size: Pictures in a batch.
        seed: Of the order; each epoch has one of its own.
    """

    def __init__(self, images: Tensor, labels: Tensor, batch_size: int, seed: int) -> None:
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self.epoch = self.batches = 0

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        count, device = len(self.images), self.images.device
        order = torch.randperm(count, generator=self.generator, device="cpu").to(device)
        self.epoch += 1
        for i in range(self.steps()):
            chosen = order[i * self.batch_size : (i + 1) * self.batch_size]
            self.batches += 1
            yield self.images[chosen, None].float() / 255, self.labels[chosen]

    def steps(self) -> int:
        """Batches of the epoch that begins."""
        return len(self)


def grader_time_only(
    unet: nn.Module,
    schedule: dict[str, Tensor],
    loader: Iterable[tuple[Tensor, Tensor]],
    num_ts: int,
    num_epochs: int,
    lr: float,
) -> None:
    """The loop that the notebook gives for B 2.2: Adam on `ddpm_forward`, a decaying rate."""
    optimizer = torch.optim.Adam(unet.parameters(), lr=lr)
    unet.train()
    for epoch in range(num_epochs):
        optimizer.param_groups[0]["lr"] = lr * 0.1 ** (epoch / num_epochs)
        for x, _ in loader:
            loss = GRADER_NAMES["ddpm_forward"](unet, schedule, x, num_ts)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()


def grader_receive(images: Tensor, labels: Tensor) -> None:
    """Takes the digits to train on."""
    GRADER_STATE.update(images=images, labels=labels, device=images.device)


def grader_build(kind: str, hiddens: int, seed: int) -> dict[str, Tensor]:
    """Makes the network of a run on the device; returns its state."""
    torch.manual_seed(seed)
    makers: dict[str, tuple[str, tuple[int, ...]]] = {
        "denoiser": ("UnconditionalUNet", (1, hiddens)),
        "time": ("TimeConditionalUNet", (1, 10, hiddens)),
        "class": ("ClassConditionalUNet", (1, 10, hiddens)),
    }
    name, arguments = makers[kind]
    with torch.device("cpu"):  # so that a seed makes the same network everywhere
        made = GRADER_NAMES[name](*arguments)
    GRADER_STATE["unet"] = made.to(GRADER_STATE["device"])
    return grader_state()


def grader_state() -> dict[str, Tensor]:
    """The network's parameters and buffers."""
    return {k: v.detach().cpu() for k, v in GRADER_STATE["unet"].state_dict().items()}


def grader_load(state: dict[str, Tensor]) -> None:
    """Replaces the network's parameters and buffers; an error where a name or shape differs."""
    GRADER_STATE["unet"].load_state_dict(state)


def grader_train(kind: str, recipe: dict[str, Any], seed: int) -> int:
    """Trains the network by the student's code; returns the number of batches that were drawn."""
    loader = GraderLoader(
        GRADER_STATE["images"], GRADER_STATE["labels"], int(recipe["batch_size"]), seed
    )
    torch.manual_seed(seed)
    grader_run(kind, recipe, loader)
    return loader.batches


def grader_run(kind: str, recipe: dict[str, Any], loader: GraderLoader) -> None:
    """One training by the student's code."""
    unet, epochs, lr = GRADER_STATE["unet"], int(recipe["num_epochs"]), float(recipe["lr"])
    if kind == "denoiser":
        GRADER_NAMES["train_denoiser"](unet, loader, float(recipe["sigma"]), epochs, lr)
        return
    num_ts, schedule = int(recipe["num_ts"]), grader_schedule(recipe)
    if kind == "time":
        grader_time_only(unet, schedule, loader, num_ts, epochs, lr)
        return
    drop = float(recipe["p_uncond"])
    GRADER_NAMES["train_ddpm"](unet, schedule, loader, num_ts, epochs, lr, drop)


def grader_schedule(recipe: dict[str, Any]) -> dict[str, Tensor]:
    """The recipe's schedule by the student's code."""
    make: Callable[..., dict[str, Tensor]] = GRADER_NAMES["ddpm_schedule"]
    return make(float(recipe["beta1"]), float(recipe["beta2"]), int(recipe["num_ts"]))


def grader_outputs(
    x: Tensor, c: Tensor | None = None, t: Tensor | None = None, mask: Tensor | None = None
) -> Tensor:
    """The network's output in evaluation mode."""
    inputs = [value for value in (x, c, t) if value is not None]
    named = {} if mask is None else {"mask": mask}
    with torch.no_grad():
        out: Tensor = GRADER_STATE["unet"].eval()(*inputs, **named)
    return out.float()


def grader_sample(recipe: dict[str, Any], c: Tensor | None, guidance: float, seed: int) -> Tensor:
    """Pictures by the student's own sampler, (N, 1, 28, 28)."""
    unet, schedule, num_ts = GRADER_STATE["unet"], grader_schedule(recipe), int(recipe["num_ts"])
    if c is None:
        out: Tensor = GRADER_NAMES["ddpm_sample"](unet, schedule, (28, 28), num_ts, seed)
    else:
        out = GRADER_NAMES["ddpm_sample_class"](unet, schedule, c, (28, 28), num_ts, guidance, seed)
    return out.float()


def grader_peak() -> float:
    """Most memory of the GPU that was in use, in MiB; 0 on the CPU."""
    if GRADER_STATE["device"].type == "cpu":
        return 0.0
    return float(torch.cuda.max_memory_reserved()) / 2**20


# A recorded epoch is trained again: the student's loop runs from its first epoch with its own
# arguments, but the epochs around the one in question have a single batch.


class GraderSegment(GraderLoader):
    """An `GraderLoader` that is long in one epoch only, and sets the recorded state there.

    Args:
        images: As for `GraderLoader`.
        labels: As for `GraderLoader`.
        batch_size: As for `GraderLoader`.
        seed: As for `GraderLoader`.
        segment: The epoch, from 0, and what it starts from: the network's state and Adam's
            averages by parameter; empty in epoch 0.
    """

    def __init__(
        self, images: Tensor, labels: Tensor, batch_size: int, seed: int, segment: dict[str, Any]
    ) -> None:
        super().__init__(images, labels, batch_size, seed)
        self.segment = segment
        self.waiting = False
        self.after: dict[str, Tensor] = {}
        self.rate = 0.0

    def steps(self) -> int:
        """All batches in the epoch in question, one in each of the others."""
        return len(self) if self.epoch - 1 == self.segment["epoch"] else 1

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        ours = self.epoch == self.segment["epoch"]
        if ours and self.segment["before"]:
            GRADER_STATE["unet"].load_state_dict(self.segment["before"])
            self.waiting = True
        yield from super().__iter__()
        if ours:
            self.after = {
                k: v.detach().clone() for k, v in GRADER_STATE["unet"].state_dict().items()
            }

    def set_averages(self, optimizer: Optimizer) -> None:
        """Puts Adam's recorded averages in place, before its first step of the epoch."""
        parameters = dict(GRADER_STATE["unet"].named_parameters())
        if not self.waiting or not grader_moves(optimizer, parameters):
            return
        self.waiting = False
        self.rate = float(optimizer.param_groups[0]["lr"])
        for name, parameter in parameters.items():
            state = optimizer.state[parameter]
            state["exp_avg"].copy_(self.segment["m"][name])
            state["exp_avg_sq"].copy_(self.segment["v"][name])
            steps = self.segment["epoch"] * len(self)
            if isinstance(state["step"], Tensor):
                state["step"].fill_(float(steps))
            else:
                state["step"] = steps


def grader_moves(optimizer: Optimizer, parameters: dict[str, Any]) -> bool:
    """Whether an optimizer is that of the network."""
    first = next(iter(parameters.values()))
    return any(p is first for group in optimizer.param_groups for p in group["params"])


def grader_again(
    kind: str, recipe: dict[str, Any], seed: int, segment: dict[str, Any]
) -> dict[str, Tensor]:
    """Trains the segment's epoch by the student's code; the network's state after it."""
    size = int(recipe["batch_size"])
    loader = GraderSegment(GRADER_STATE["images"], GRADER_STATE["labels"], size, seed, segment)
    torch.manual_seed(seed)
    hook = register_optimizer_step_pre_hook(lambda optimizer, *_: loader.set_averages(optimizer))
    try:
        grader_run(kind, recipe, loader)
    finally:
        hook.remove()
    if loader.waiting:
        raise RuntimeError("no optimizer of torch.optim moved the network")
    return loader.after


def grader_parameters() -> list[str]:
    """Names of what is trained."""
    return [name for name, _ in GRADER_STATE["unet"].named_parameters()]
