"""The commands `course miniature ...`; each module of a command imports torch only when it runs."""

from __future__ import annotations

import typer

from .evaluate_command import evaluate, judge, pairs
from .train_command import pack, train

app = typer.Typer(
    help="The miniature: train it, train judges of its pictures, measure it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command(name="pack")(pack)
app.command(name="train")(train)
app.command(name="judge")(judge)
app.command(name="evaluate")(evaluate)
app.command(name="pairs")(pairs)
