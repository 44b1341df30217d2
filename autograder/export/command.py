"""The command `autograder export`: results of a run for another system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exporting import FORMATS, ExportError, export_file

Results = Annotated[
    Path, typer.Argument(help="What `autograder grade` wrote: its --out folder, or results.jsonl.")
]
To = Annotated[str, typer.Option(help=f"One of {', '.join(FORMATS)}.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="A new or empty folder for the files.")]


def export_results(results: Results, to: To, out: Out) -> None:
    """Writes the results of a run in another system's format.

    Nothing that exists is overwritten: give a new folder, or an empty one.
    """
    source = results / "results.jsonl" if results.is_dir() else results
    try:
        _check_vacant(out)
        for path in export_file(source, to, out):
            typer.echo(path)
    except ExportError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or out}: {error.strerror or error}")


def _check_vacant(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} is a file: give a new folder for what is exported")
    if out.is_dir() and any(out.iterdir()):
        raise ExportError(f"{out} is not empty: give a new folder, or empty this one")


def _fail(message: str) -> None:
    typer.secho(f"autograder: {message}", fg="red", err=True)
    raise typer.Exit(2)
