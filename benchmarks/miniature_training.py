"""The log of the miniature's training: `python -m benchmarks.miniature_training`.

Reads the folders that `course miniature train` wrote, one a run, each going on from the last
export of the one before. Draws the losses, and the samples of each export below one another. With
--record, plot, strips, numbers and a page to read go beside this file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import matplotlib.style
import numpy as np
import typer
from kit.paths import STYLE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from benchmarks.machine import HERE, markdown_table, record
from course.miniature.journal import LOG
from course.miniature.material import STRIP

NAME = "miniature_training"


@dataclass(frozen=True)
class Run:
    """What a run of training left.

    Attributes:
        name: Name of its folder.
        entries: Its log.
        strips: Rows of samples with the millions of pictures that the run had seen.
        before: Pictures that its starting weights had seen.
    """

    name: str
    entries: list[dict[str, float]]
    strips: list[tuple[float, Path]]
    before: int

    @property
    def exported(self) -> int:
        """Pictures that its last export has seen."""
        return self.before + round(1e6 * max((millions for millions, _ in self.strips), default=0))

    def summary(self) -> dict[str, Any]:
        """Its numbers: time, pictures, speed while undisturbed, losses, and their rise."""
        measured = [entry for entry in self.entries if "held_out" in entry]
        speeds = [entry["speed"] for entry in self.entries[1:] if "speed" in entry]
        losses = [entry["held_out"] for entry in measured]
        return {
            "run": self.name,
            "seconds": round(self.entries[-1]["seconds"]),
            "steps": int(self.entries[-1]["steps"]),
            "images": int(self.entries[-1]["images"]),
            "images_before": self.before,
            "images_a_second": round(float(np.median(speeds))) if speeds else None,
            "held_out": losses[-1],
            "lowest_held_out": min(losses),
            "rise_percent": round(100 * (losses[-1] / min(losses) - 1), 2),
            "trained": measured[-1]["trained"],
        }


def read(folder: Path, before: int) -> Run:
    """Read the folder of a run whose starting weights had seen so many pictures.

    Raises:
        typer.BadParameter: If there is no log in it.
    """
    log = folder / LOG
    if not log.is_file():
        raise typer.BadParameter(f"{log} is not there: give folders of `course miniature train`")
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    strips = [
        (float(path.stem.removeprefix("strip_").removesuffix("M")), path)
        for path in sorted(folder.glob("strip_*.png"))
    ]
    return Run(folder.name, entries, strips, before)


def plot(runs: list[Run], path: Path) -> None:
    """Draw the losses by pictures seen."""
    with matplotlib.style.context(STYLE):
        figure = Figure(figsize=(6, 3.4))
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for key, label in (("held_out", "held-out pairs"), ("trained", "as many trained ones")):
            points = [
                ((run.before + entry["images"]) / 1e6, entry[key])
                for run in runs
                for entry in run.entries
                if key in entry and run.before + entry["images"] > 100_000
            ]
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=label)
        axes.set(xlabel="pictures seen, millions", ylabel="weighted loss of the noise")
        axes.set_yscale("log")
        axes.legend()
        figure.savefig(path, dpi=150, bbox_inches="tight", metadata={"Software": None})


def sheet(runs: list[Run], path: Path) -> None:
    """Put the rows of samples below one another, each with the millions of pictures seen."""
    rows = []
    for millions, file in (
        (run.before / 1e6 + millions, file) for run in runs for millions, file in run.strips
    ):
        with Image.open(file) as opened:
            row = opened.convert("RGB")
        canvas = Image.new("RGB", (row.width + 44, row.height), "white")
        canvas.paste(row, (44, 0))
        ImageDraw.Draw(canvas).text((4, row.height // 2 - 6), f"{millions:.1f} M", fill="black")
        rows.append(np.asarray(canvas))
    if rows:
        Image.fromarray(np.concatenate(rows)).save(path)


def page(runs: list[Run], note: str) -> str:
    """The page to read."""
    head = [
        "run",
        "seconds",
        "steps",
        "images",
        "images/s",
        "held-out",
        "lowest",
        "rise",
        "trained",
    ]
    rows = []
    for number in (run.summary() for run in runs):
        rows.append(
            [
                number["run"],
                number["seconds"],
                number["steps"],
                f"{number['images']:,}",
                number["images_a_second"],
                f"{number['held_out']:.5f}",
                f"{number['lowest_held_out']:.5f}",
                f"{number['rise_percent']} %",
                f"{number['trained']:.5f}",
            ]
        )
    prompts = ", ".join(f"`{prompt}`" for prompt in STRIP)
    return "\n\n".join(
        [
            "# Training the miniature",
            "`course miniature train`, configuration `course/miniature/miniature.toml`; losses are "
            "those of the averaged weights on plain pictures with style and name, the same "
            "timesteps and noise each time. Images a second: the median of the log's entries, "
            "measurements and exports left out.",
            note,
            markdown_table(head, rows),
            "![losses by pictures seen](miniature_training.png)",
            f"Samples of each export from one noise, guidance 5, 33 steps: {prompts}.",
            "![samples over time](miniature_strips.png)",
        ]
    )


def command(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs, in their order.")],
    note: Annotated[str, typer.Option(help="What it ran on, and what disturbed it.")] = "",
    keep: Annotated[bool, typer.Option("--record", help="Write page, plot and strips.")] = False,
) -> None:
    """Show how the miniature's training went."""
    runs: list[Run] = []
    for folder in folders:
        runs.append(read(folder, runs[-1].exported if runs else 0))
    text = page(runs, note)
    typer.echo(text)
    if keep:
        plot(runs, HERE / f"{NAME}.png")
        sheet(runs, HERE / "miniature_strips.png")
        numbers = [{**run.summary(), "log": run.entries} for run in runs]
        record(NAME, {"machine": note, "runs": numbers}, text)


def main() -> None:
    """Runs the command line."""
    typer.run(command)


if __name__ == "__main__":
    main()
