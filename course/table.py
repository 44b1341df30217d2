"""Lists the exercises: in the terminal, and in Markdown for the README."""

from __future__ import annotations

from rich.table import Table

from course.manifest import Exercise, Manifest

# Between these lines a document holds the table.
BEGIN = "<!-- exercises: begin, by `course table` -->"
END = "<!-- exercises: end -->"

COLUMNS = ("Section", "Exercise", "Title", "Points", "Graded by", "Write")


def row(exercise: Exercise) -> tuple[str, ...]:
    """One exercise in the order of `COLUMNS`."""
    grader = f"hand ({exercise.kind})" if exercise.manual else f"{len(exercise.checks)} checks"
    objects = ", ".join(exercise.objects)
    return (
        exercise.section,
        exercise.id,
        exercise.title,
        f"{exercise.points:g}",
        grader,
        objects,
    )


def totals(manifest: Manifest) -> list[str]:
    """A sentence for each part: exercises, points, and how many of them checks give."""
    lines = []
    for part in dict.fromkeys(e.part for e in manifest.exercises.values()):
        exercises = manifest.of_part(part)
        points = sum(e.points for e in exercises)
        checked = sum(e.points for e in exercises if not e.manual)
        lines.append(
            f"Part {part.upper()}: {len(exercises)} exercises, {points:g} points, "
            f"{checked:g} of them by checks."
        )
    return lines


def terminal_table(manifest: Manifest) -> Table:
    """The exercises as a table for `rich`."""
    table = Table(*COLUMNS)
    table.columns[3].justify = "right"
    for exercise in manifest.exercises.values():
        table.add_row(*row(exercise))
    return table


def markdown_table(manifest: Manifest) -> str:
    """The exercises as a Markdown table, ids and objects in code type."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---|---|---:|---|---|"]
    for exercise in manifest.exercises.values():
        section, key, title, points, grader, _ = row(exercise)
        objects = ", ".join(f"`{name}`" for name in exercise.objects)
        title = title.replace("|", "\\|")
        lines.append(f"| {section} | `{key}` | {title} | {points} | {grader} | {objects} |")
    return "\n".join([*lines, "", *totals(manifest)]) + "\n"


def with_table(text: str, manifest: Manifest) -> str:
    """A document with the table of exercises between its two marker lines.

    Raises:
        ValueError: Not exactly one pair of marker lines.
    """
    before, begin, rest = text.partition(BEGIN + "\n")
    _, end, after = rest.partition(END + "\n")
    if not begin or not end or BEGIN in after or END in before + after:
        raise ValueError(f"needs one line {BEGIN} and after it one line {END}")
    return f"{before}{begin}\n{markdown_table(manifest)}\n{end}{after}"
