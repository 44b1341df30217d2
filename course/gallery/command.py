"""The command `course gallery`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Out = Annotated[Path, typer.Option(help="Folder of the figures.")]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="SECTION", help="A section, such as a1_8; may be given several times."),
]
Source = Annotated[
    str | None,
    typer.Option(help="Model: a directory, or tiny for random weights; by default the miniature."),
]
Device = Annotated[str | None, typer.Option(help="cpu or cuda; the GPU where there is one.")]
Bfloat16 = Annotated[
    bool,
    typer.Option(
        "--bfloat16", help="Faster on recent CPUs and GPUs; the pictures differ a little."
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Make figures again that are there.")]


def gallery(
    out: Out = Path("course/figures/part_a"),
    only: Only = None,
    source: Source = None,
    device: Device = None,
    bfloat16: Bfloat16 = False,
    fresh: Fresh = False,
) -> None:
    """Make every figure of Part A with the reference solutions.

    Each figure is kept when it is done: a run that was stopped goes on where it was.
    """
    # These import torch and diffusers, which the other commands do not need.
    from .run import GalleryError
    from .run import gallery as make_gallery

    console = Console(stderr=True, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[calls]} UNet evaluations"),
    )
    start = time.perf_counter()
    try:
        # Off a terminal a bar would only leave an empty line.
        quiet = not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
            paths = make_gallery(
                out,
                _Bar(progress),
                only=only or (),
                source=source,
                device=device,
                bfloat16=bfloat16,
                fresh=fresh,
            )
    except GalleryError as error:
        typer.echo(f"course: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{out}: {len(paths)} figures, {time.perf_counter() - start:.0f} s")


class _Bar:
    """Shows how a gallery goes on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("loading the model", total=None, calls=0)
        self._calls = 0

    def planned(self, count: int) -> None:
        """Shows the number of figures."""
        self._progress.update(self._task, total=count)

    def started(self, name: str) -> None:
        """Shows which figure is being made."""
        self._progress.update(self._task, description=name)

    def called(self, pictures: int) -> None:
        """Counts pictures that the UNet was given."""
        self._calls += pictures
        self._progress.update(self._task, calls=self._calls)

    def finished(self, name: str, seconds: float | None) -> None:
        """Prints a line for the figure."""
        told = "there already" if seconds is None else f"{seconds:.1f} s"
        self._progress.console.print(f"{name}: {told}", highlight=False)
        self._progress.advance(self._task)
