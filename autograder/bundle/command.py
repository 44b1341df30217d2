"""The command `autograder bundle`: the grader, packed for another system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .packing import BundleError, write_bundle

app = typer.Typer(no_args_is_help=True, help="Packs the grader for a system that runs it itself.")


@app.callback()
def bundle() -> None:
    """Packs the grader for a system that runs it itself."""


@app.command()
def gradescope(
    out: Annotated[Path, typer.Option("--out", "-o", help="The zip to write; a new file.")],
    assignment: Annotated[str, typer.Option(help="part_a or part_b.")] = "part_a",
    isolation: Annotated[
        str, typer.Option(help="Refuse to grade below this level: strict, landlock or process.")
    ] = "landlock",
    torch_index: Annotated[
        str | None,
        typer.Option(help="Address of PyTorch's index of CPU builds; keeps the image small."),
    ] = None,
) -> None:
    """Writes Gradescope's autograder zip of one assignment.

    It holds hidden checks and solutions: upload it, and give it to nobody.
    """
    try:
        count = write_bundle(out, assignment, isolation, torch_index)
    except BundleError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or out}: {error.strerror or error}")
    typer.echo(f"{out}: {count} files, {out.stat().st_size / 1024:.0f} KiB")
    if torch_index is None:
        typer.echo(
            "note: without --torch-index the image gets torch with CUDA, several GB", err=True
        )


def _fail(message: str) -> None:
    typer.secho(f"autograder: {message}", fg="red", err=True)
    raise typer.Exit(2)
