"""Known problems of `course miniature`, told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MiniatureError(RuntimeError):
    """A mistake in the input or the set-up; the message says what to do."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Tells known problems on one line, without a traceback, and exits with 2."""
    import typer  # machines that only train do not need it

    try:
        yield
    except (MiniatureError, OSError) as error:
        typer.echo(f"course: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2) from None
