"""The command `course reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .presets import PRESETS

Preset = Annotated[
    str, typer.Option(help=f"{', '.join(PRESETS)}: quick is for a laptop, full for a GPU.")
]
Device = Annotated[str | None, typer.Option(help="cpu or cuda; the GPU where there is one.")]
Work = Annotated[
    Path, typer.Option(help="Folder of finished stages; an interrupted run goes on from it.")
]
Data = Annotated[Path | None, typer.Option(help="Folder of MNIST; else where the kit looks.")]
Source = Annotated[str | None, typer.Option(help="mnist or embedded; MNIST where it is found.")]
Batch = Annotated[
    int | None, typer.Option("--batch-size", help="Pictures in a batch, for a small GPU.")
]
Download = Annotated[bool, typer.Option("--download", help="Download MNIST if it is missing.")]
Figures = Annotated[Path, typer.Option(help="Where the figures go.")]
Numbers = Annotated[Path | None, typer.Option(help="Where the page of numbers goes.")]


def reproduce(
    preset: Preset = "quick",
    device: Device = None,
    work: Work = Path("reproduce"),
    data: Data = None,
    source: Source = None,
    batch_size: Batch = None,
    download: Download = False,
    figures: Figures = Path("reproduce/figures"),
    numbers: Numbers = Path("reproduce/numbers.md"),
) -> None:
    """Train and sample Part B as in the report: every figure and number by one command.

    Each stage (classifier, denoiser, time-only and class-conditioned DDPM, animation) is kept in
    --work when it is done, so the command can be stopped and called again.
    """
    # These import torch and matplotlib, which the other commands do not need.
    from .figures import write_figures
    from .numbers import markdown
    from .run import ReproduceError, reproduce

    folders = _folders(work, figures, numbers)
    try:
        for option, folder in folders.items():
            _refuse_file(option, folder)
        found = reproduce(
            preset, device, work, data, source, typer.echo,
            batch=batch_size, download=download, folders=tuple(folders.values())[1:],
        )  # fmt: skip
        for path in write_figures(found, figures):
            typer.echo(path)
        if numbers is not None:
            numbers.write_text(markdown(found.numbers), encoding="utf-8")
            typer.echo(numbers)
    except ReproduceError as error:
        typer.echo(f"course: {error}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"course: {error.filename}: cannot be written ({error.strerror})", err=True)
        raise typer.Exit(2) from None


def _folders(work: Path, figures: Path, numbers: Path | None) -> dict[str, Path]:
    """The folders that are written to, by the option that names them."""
    page = {"--numbers": numbers.parent} if numbers is not None else {}
    return {"--work": work, "--figures": figures, **page}


def _refuse_file(option: str, folder: Path) -> None:
    """Refuses a file for a folder before anything is trained whose results would have no place."""
    from .run import ReproduceError

    existing = next((p for p in [folder, *folder.absolute().parents] if p.exists()), folder)
    if existing.is_file():
        raise ReproduceError(f"{option} {folder}: {existing} is a file; name a folder")
