"""The commands `course miniature judge` and `course miniature evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Device = Annotated[str | None, typer.Option(help="cpu or cuda; the GPU where there is one.")]
Pictograms = Annotated[
    Path | None,
    typer.Option(help="The pictograms: a folder or a pack; by default PICTOGRAMS names it."),
]
Judges = Annotated[Path, typer.Option(help="Folder of the judges, full and near.")]


def judge(
    judges: Judges = Path("judges"),
    pictograms: Pictograms = None,
    device: Device = None,
    steps: Annotated[int, typer.Option(min=1, help="Updates of each judge.")] = 2500,
    batch_size: Annotated[int, typer.Option(min=2, help="Pictures an update.")] = 512,
    width: Annotated[float, typer.Option(min=0.05, help="Width of the networks, 1 is full.")] = 1.0,
) -> None:
    """Train the two judges that measure the miniature, one or two minutes each on a GPU.

    One names whole pictures, sharp or blurred, the other their high frequencies. Both learn from
    the real pictograms, without the held-out pairs. A run that was stopped goes on where it was.
    """
    from .errors import one_line_errors

    with one_line_errors():
        from .evaluate import train_judges

        train_judges(judges, pictograms, device, (steps, batch_size, width), typer.echo)


def evaluate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An IFPipeline directory.")],
    pictograms: Pictograms = None,
    judges: Judges = Path("judges"),
    device: Device = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few names and seeds: a try, no measurement.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="MEASURE", help="One measure; may be given several times."),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Name of the model in the record; the directory's else.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="A .json file in which the numbers are kept; a page goes beside it."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Folder of the plot and of the nearest training pictures.")
    ] = None,
    bfloat16: Annotated[bool, typer.Option("--bfloat16", help="Faster on a GPU.")] = False,
) -> None:
    """Measure a miniature: recognition, illusions, held-out pairs, copies, speed, memory.

    Samples are drawn by the course's own reference functions, on names and with seeds that
    training did not choose, and named by judges that were trained on the real pictograms.
    """
    from .errors import one_line_errors

    with one_line_errors():
        from .evaluate import Request, evaluate_model

        request = Request(
            directory,
            pictograms,
            judges,
            device,
            quick,
            tuple(only or ()),
            label,
            record,
            figures,
            bfloat16,
        )
        evaluate_model(request, typer.echo)


def pairs(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An IFPipeline directory.")],
    out: Annotated[Path, typer.Option(help="Folder of the lists and sheets.")] = Path("pairs"),
    pictograms: Pictograms = None,
    judges: Judges = Path("judges"),
    device: Device = None,
    most: Annotated[int, typer.Option(min=1, help="Pairs of each kind that are tried.")] = 1600,
    kept: Annotated[int, typer.Option(min=1, help="Best pairs that get eight seeds.")] = 24,
) -> None:
    """Search pairs and seeds for anagrams and hybrids that the judges find good.

    The gallery's were chosen from these lists: one picture of each pair, eight seeds of the best.
    """
    from .errors import one_line_errors

    with one_line_errors():
        from .evaluate import Request, search_pairs

        search_pairs(Request(directory, pictograms, judges, device), out, (most, kept), typer.echo)
