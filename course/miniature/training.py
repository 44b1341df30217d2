"""A model in training: its steps, how it is measured, saved and exported."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from . import checkpoint, fused, group
from .config import Config
from .export import export
from .losses import T, cosine_schedule
from .material import Material
from .model import Miniature, sample
from .muon import Updater


class Training:
    """A model in training.

    Attributes:
        model: The model, in the precision of its computation.
        updater: Its master weights and their updates.
        images: Pictures seen, over all GPUs and runs.
        seconds: Time of earlier runs.
    """

    def __init__(self, config: Config, material: Material, device: torch.device) -> None:
        torch.manual_seed(config.run.seed)
        self.config, self.material, self.device = config, material, device
        self.model = Miniature(config, len(material.tokenizer.words)).to(device)
        self.updater = Updater(self.model, config.rates)
        self.images, self.seconds, self.steps = 0, 0.0, 0
        self._counted = 0
        self._schedule = cosine_schedule(device)
        if device.type == "cuda":
            self.model.to(torch.bfloat16)
            self.model.unet.to(memory_format=torch.channels_last)
            # cuDNN's and the memory-efficient attention are far slower at these sizes.
            torch.backends.cuda.enable_cudnn_sdp(False)
            torch.backends.cuda.enable_mem_efficient_sdp(False)
            torch.backends.cudnn.benchmark = True
        self._mode = config.run.mode if device.type == "cuda" else "eager"
        fused.KERNELS = device.type == "cuda" and self._mode != "compile"
        compiled = self._mode == "compile"
        self._losses = torch.compile(self.model, dynamic=False) if compiled else self.model
        self._totals = torch.zeros(2, device=device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[Tensor] = []

    def step(self, progress: float) -> None:
        """Make one update.

        Args:
            progress: Share of the run that is done, which sets the learning rate.
        """
        run, generator = self.config.run, self.material.generator
        x, ids = self.material.scenes.draw(run.batch)
        t = torch.randint(T, (run.batch,), device=self.device, generator=generator)
        noise = torch.randn(x.shape, device=self.device, generator=generator)
        if self._mode == "graph":
            self._replay(x, ids, t, noise)
        else:
            self._gradients(x, ids, t, noise)
        group.average(self.updater.flat["gradient"])
        self.updater.step(self.factor(progress))
        self.steps += 1
        self.images += run.batch * group.size()

    def _gradients(self, x: Tensor, ids: Tensor, t: Tensor, noise: Tensor) -> None:
        """Forward and backward pass of a batch, into the updater's flat gradient."""
        noise_losses, variance_losses = self._losses(self._schedule, x, ids, t, noise)
        losses = torch.stack([noise_losses.mean(), variance_losses.mean()])
        (losses[0] + self.config.run.variance * losses[1]).backward()
        self._totals += losses.detach()
        self.updater.gather()

    def _replay(self, *inputs: Tensor) -> None:
        """The same by a CUDA graph, without the time that launching a thousand kernels takes."""
        if self._graph is None:
            self._inputs = [part.clone() for part in inputs]
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):  # tries out algorithms and compiles kernels
                    self._gradients(*self._inputs)
            torch.cuda.current_stream().wait_stream(stream)
            self._totals.zero_()
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
                self._gradients(*self._inputs)
        for kept, part in zip(self._inputs, inputs, strict=True):
            kept.copy_(part)
        self._graph.replay()

    def factor(self, progress: float) -> float:
        """Factor of the learning rates: rises, holds, falls to zero."""
        run = self.config.run
        rising = min(1.0, (self.steps + 1) / max(run.warmup, 1))
        return rising * min(1.0, max(0.0, (1 - progress) / (1 - run.hold)))

    def losses(self) -> tuple[float, float]:
        """Mean losses of noise and variance since the last call."""
        count, self._counted = self.steps - self._counted, self.steps
        means = (self._totals / max(count, 1)).tolist()
        self._totals.zero_()
        return means[0], means[1]

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Loss of noise of the averaged weights on held-out and on as many training pictures."""
        found = {}
        # No search for the fastest algorithms: these batches are of other sizes.
        with torch.backends.cudnn.flags(enabled=True, benchmark=False), self.averaged():
            for name, (x, ids) in self.material.fixed.items():
                generator = torch.Generator(self.device).manual_seed(7)
                total, count = 0.0, 0
                for start in range(0, 4 * len(x), 256):
                    which = torch.arange(start, min(start + 256, 4 * len(x))) % len(x)
                    # Steps spread evenly, the same ones at every call.
                    t = (torch.arange(len(which)) * 389 + start * 7) % T
                    chunk = x[which.to(self.device)]
                    noise = torch.randn(chunk.shape, device=self.device, generator=generator)
                    losses, _ = self.model(
                        self._schedule, chunk, ids[which.to(self.device)], t.to(self.device), noise
                    )
                    total, count = total + float(losses.sum()), count + len(which)
                found[name] = total / max(count, 1)
        return found

    def strip(self) -> Tensor:
        """One row of samples of the averaged weights, (N, 3, 64, 64), always from one noise."""
        generator = torch.Generator(self.device).manual_seed(11)
        with torch.backends.cudnn.flags(enabled=True, benchmark=False), self.averaged():
            ids = self.material.strip_ids
            return sample(self.model, self._schedule, ids, 5.0, generator).float().cpu()

    def averaged(self) -> checkpoint.Swapped:
        """Put the averaged weights into the model for the time of a `with`."""
        return checkpoint.Swapped(self.updater)

    def save(self, path: Path) -> None:
        """Write all that a later run needs to go on."""
        checkpoint.save(
            path,
            self.updater,
            {
                "images": self.images,
                "seconds": self.seconds,
                "steps": self.steps,
                "generator": self.material.generator.get_state(),
                "config": asdict(self.config),
            },
        )

    def resume(self, path: Path) -> str:
        """Go on from a checkpoint, or start from the weights of an exported directory.

        Returns:
            What was done, for the log.
        """
        if path.is_dir():
            checkpoint.load_weights(path, self.updater, self.material.tokenizer)
            return f"weights of {path.name}; the optimizer starts anew"
        state = checkpoint.load(path, self.updater)
        self.images, self.seconds, self.steps = (
            state["images"],
            state["seconds"],
            state["steps"],
        )
        self._counted = self.steps
        if group.rank() == 0:
            self.material.generator.set_state(state["generator"])
        return f"checkpoint after {self.images} pictures"

    def export(self, directory: Path) -> None:
        """Write the averaged weights as an `IFPipeline` directory."""
        names = dict(zip(self.updater.names, self.updater.views("average"), strict=True))
        text = self.model.text_encoder.shape
        export(directory, names, self.config.unet, text, self.material.tokenizer)
