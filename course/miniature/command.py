"""The commands `course miniature ...`; each module of a command imports torch only when it runs."""

from __future__ import annotations

import typer

from .evaluate_command import evaluate, judge

app = typer.Typer(
    help="The miniature: train it, train judges of its pictures, measure it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command(name="judge")(judge)
app.command(name="evaluate")(evaluate)
