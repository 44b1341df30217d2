"""The `course` command: build the release, check that it is fresh, start a new exercise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from course import build as building
from course.gallery.command import gallery
from course.manifest import ManifestError, load_manifest
from course.miniature.command import app as miniature
from course.reproduce.command import reproduce
from course.scaffold import scaffold
from course.table import markdown_table, terminal_table, totals, with_table

app = typer.Typer(
    help="Author a course: notebooks, solutions and manifest in, release/ out.\n\n"
    "Solutions live in solutions/, notebooks in course/part_*.py, the list of exercises in "
    "course/exercises.toml. Nothing in release/ is written by hand.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Root = Annotated[
    Path,
    typer.Option(
        help="Folder that holds course/, solutions/ and autograder/; by default the checkout that "
        "this command was installed from, else the current folder.",
        show_default=False,
    ),
]
HOME = Path(__file__).resolve().parent.parent
# Installed without --editable, the package lies among others and is no course to build.
ROOT = HOME if (HOME / "pyproject.toml").is_file() else Path()


@app.command()
def build(
    out: Annotated[
        Path | None, typer.Option(help="Where the release goes; ROOT/release by default.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the release is not fresh.")
    ] = False,
    root: Root = ROOT,
) -> None:
    """Build release/ from the sources, all or nothing.

    Takes each exercise's code from solutions/, puts it into the notebooks, lets nbgrader make
    the stubs, and stops if a solution, a hidden check or a path of this machine would be
    published. With --check the result is compared with the release that is there, byte for
    byte, and what differs is named.
    """
    target = (out or root / "release").resolve()
    with _one_line_errors():
        if check:
            _report(building.differences(root.resolve(), target))
            typer.echo(f"{target.name}/ is fresh.")
        else:
            files = building.build(root.resolve(), target)
            typer.echo(f"{target.name}/ built: {len(files)} files.")


@app.command()
def source(
    out: Annotated[Path, typer.Argument(help="A new or empty folder for nbgrader's course.")],
    root: Root = ROOT,
) -> None:
    """Write the solved notebooks for an instructor's nbgrader.

    Gives OUT/source/part_a/part_a.ipynb, the same for part_b, and a configuration with which
    `nbgrader generate_assignment part_a` makes the stubs of release/ and fills the gradebook.
    The notebooks hold the solutions: not for students.
    """
    with _one_line_errors():
        for path in building.write_nbgrader_course(root.resolve(), out.resolve()):
            typer.echo(path.as_posix())


@app.command()
def new(
    exercise_id: Annotated[
        str, typer.Argument(metavar="ID", help="Part, section and name, such as a1_8_rotation.")
    ],
    module: Annotated[
        str | None,
        typer.Option(help="Module of the solution; by default that of the part's last exercise."),
    ] = None,
    root: Root = ROOT,
) -> None:
    """Start a coding exercise: every file and entry that it needs.

    Writes the manifest table, notebook cells, a solution with markers, and files for checks
    (with a probe, by which known mistakes are recognised), mistakes, variants and the visible
    checks. Prints every line that is left to fill in; the build refuses the exercise until that
    is done.
    """
    with _one_line_errors():
        places = scaffold(root.resolve(), exercise_id, module)
    typer.echo(f"{exercise_id} is started, at the end of its section. Fill in:")
    for place in places:
        typer.echo(f"  {place}")
    typer.echo("Then: course build; course table --into README.md;")
    typer.echo(f"      pytest tests/autograder/test_four_targets.py -k {exercise_id}")


@app.command(name="list")
def list_exercises(root: Root = HOME) -> None:
    """Show all exercises with their points and who grades them."""
    with _one_line_errors():
        manifest = load_manifest(root / "course" / "exercises.toml")
    console = Console()
    console.print(terminal_table(manifest))
    for line in totals(manifest):
        console.print(line, highlight=False)


@app.command()
def table(
    into: Annotated[
        Path | None, typer.Option(help="Document whose table is replaced, such as README.md.")
    ] = None,
    root: Root = HOME,
) -> None:
    """Print the table of exercises in Markdown, or put it into a document.

    The document has two lines between which the table stands: `<!-- exercises: begin, by
    `course table` -->` and `<!-- exercises: end -->`.
    """
    with _one_line_errors():
        manifest = load_manifest(root / "course" / "exercises.toml")
        if into is None:
            typer.echo(markdown_table(manifest), nl=False)
            return
        try:
            text = with_table(into.read_text(encoding="utf-8"), manifest)
        except ValueError as error:
            raise building.BuildError(f"{into}:1: {error}") from error
        into.write_text(text, encoding="utf-8", newline="\n")
        typer.echo(f"{into.name}: table of {len(manifest.exercises)} exercises.")


app.command(name="reproduce")(reproduce)
app.command(name="gallery")(gallery)
app.add_typer(miniature, name="miniature")


def main() -> None:
    """Runs the command line."""
    app()


def _report(differences: list[str]) -> None:
    if differences:
        for line in differences:
            typer.echo(line, err=True)
        typer.echo("release/ is not what the sources give: run `course build`.", err=True)
        raise typer.Exit(1)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Prints known problems one a line, without a traceback, and exits with 1."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        yield
    except (building.BuildError, ManifestError, OSError, ModuleNotFoundError) as error:
        missing = isinstance(error, ModuleNotFoundError)
        told = f"{error}: pip install 'diffusion-course[author]'" if missing else str(error)
        for line in told.splitlines():
            console.print(escape(line), style="red", highlight=False)
        raise typer.Exit(1) from error
