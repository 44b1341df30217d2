"""The commands `course miniature pack` and `course miniature train`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from .evaluate_command import Device, Pictograms


def train(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of log, samples, model.")],
    pictograms: Pictograms = None,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file; course/miniature/miniature.toml else.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Time that the run takes.")] = 600,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps that the run takes, however long they last.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="A checkpoint to go on from, or an exported model to start from."),
    ] = None,
    device: Device = None,
) -> None:
    """Train a miniature. OUT/model is a pipeline at any time; OUT/checkpoint.pt resumes.

    The learning rate falls to zero at the end of the time. Under torchrun every process takes a
    GPU: `torchrun --standalone --nproc-per-node 2 -m course.miniature train OUT`.
    """
    from .errors import MiniatureError, one_line_errors

    with one_line_errors():
        import torch

        from . import group
        from .config import DEFAULT, load_config
        from .journal import Journal
        from .material import gather
        from .running import Run
        from .training import Training

        source = pictograms or os.environ.get("PICTOGRAMS")
        if source is None:
            raise MiniatureError("where are the pictograms? give --pictograms, or set PICTOGRAMS")
        kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
        chosen = torch.device(kind)
        if chosen.type == "cuda":
            chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(chosen)
        group.join(chosen)
        settings = load_config(config or DEFAULT)
        training = Training(settings, gather(settings, Path(source), chosen), chosen)
        say = typer.echo if group.rank() == 0 else _silent
        if resume is not None:
            say(f"resumes from {training.resume(resume)}")
        Run(training, Journal(out), seconds, steps, say).train()
        group.leave()


def pack(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The zip file to write.")],
    pictograms: Pictograms = None,
) -> None:
    """Shrink the pictograms into one file of under 20 MB that travels."""
    from .errors import MiniatureError, one_line_errors

    with one_line_errors():
        from .pack import load_pack, write_pack

        source = pictograms or os.environ.get("PICTOGRAMS")
        if source is None:
            raise MiniatureError("where are the pictograms? give --pictograms, or set PICTOGRAMS")
        write_pack(load_pack(Path(source)), out)
        typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def _silent(_: str) -> None:
    """Print nothing, for all processes but the first."""
